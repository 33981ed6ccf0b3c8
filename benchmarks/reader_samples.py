"""Small files of every format that is read, written from one made-up pattern."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import numpy as np

FIRST, STEP, POINTS = 20.0, 0.5, 61
TWO_THETA = FIRST + STEP * np.arange(POINTS)
COUNTS = np.round(50 + 900 * np.exp(-(((TWO_THETA - 32) / 1.2) ** 2))
                  + 300 * np.exp(-(((TWO_THETA - 45) / 1.2) ** 2)))  # fmt: skip
"""What all of them hold, of CuKa: counts of a profile, 20 to 50 degrees."""
FLOATS: bytes = COUNTS.astype("<f4").tobytes()
CU = (1.5405980, 1.5444260)


def _rows(separator: str = " ", form: str = "{:.2f}{}{:.0f}") -> str:
    return "".join(
        form.format(x, separator, y) + "\n" for x, y in zip(TWO_THETA, COUNTS, strict=True)
    )


def _blanks(values: np.ndarray, form: str = "{:.0f}") -> str:
    return " ".join(form.format(value) for value in values)


def columns() -> bytes:
    """Two columns below a heading."""
    return ("# Cu K-alpha\n2theta I\n" + _rows()).encode()


def csv() -> bytes:
    """Quoted fields, decimal commas, a column of no interest, a footer."""
    rows = [
        f'"{x:.2f}";"0,5";"{y:.1f}"'.replace(".", ",")
        for x, y in zip(TWO_THETA, COUNTS, strict=True)
    ]
    head = '"CuKa"\n"Angle";"Time";"Counts"\n'
    return (head + "\n".join(rows) + "\nEnd of data\n").encode("utf-16")


def packed() -> bytes:
    """Columns, packed by gzip."""
    return gzip.compress(columns(), mtime=0)


def xrdml() -> bytes:
    """PANalytical, version 1.5."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5" status="Completed">
<xrdMeasurement measurementType="Scan"><usedWavelength intended="K-Alpha">
<kAlpha1 unit="Angstrom">{CU[0]}</kAlpha1><kAlpha2 unit="Angstrom">{CU[1]}</kAlpha2>
<ratioKAlpha2KAlpha1>0.5</ratioKAlpha2KAlpha1></usedWavelength>
<incidentBeamPath><xRayTube><anodeMaterial>Cu</anodeMaterial></xRayTube></incidentBeamPath>
<scan appendNumber="0" mode="Continuous" scanAxis="Gonio"><dataPoints>
<positions axis="2Theta" unit="deg"><startPosition>{TWO_THETA[0]}</startPosition>
<endPosition>{TWO_THETA[-1]}</endPosition></positions>
<commonCountingTime unit="seconds">2.5</commonCountingTime>
<intensities unit="counts">{_blanks(COUNTS)}</intensities>
</dataPoints></scan></xrdMeasurement></xrdMeasurements>
""".encode()


def xrdml_2() -> bytes:
    """PANalytical, version 2: raw counts, listed positions, a time and an absorber a point."""
    factor = np.where(COUNTS > 600, 10.0, 1.0)
    return f"""<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/2.1">
<xrdMeasurement><usedWavelength intended="K-Alpha"><kAlpha1>{CU[0]}</kAlpha1>
<kAlpha2>{CU[1]}</kAlpha2></usedWavelength><scan scanAxis="2Theta"><dataPoints>
<positions axis="2Theta"><listPositions>{_blanks(TWO_THETA, "{:.3f}")}</listPositions></positions>
<positions axis="Omega"><commonPosition>5</commonPosition></positions>
<countingTimes>{_blanks(np.full(POINTS, 4.0))}</countingTimes>
<beamAttenuationFactors>{_blanks(factor)}</beamAttenuationFactors>
<counts>{_blanks(COUNTS / factor, "{:.1f}")}</counts></dataPoints></scan>
</xrdMeasurement></xrdMeasurements>
""".encode()


def raw_1() -> bytes:
    """Siemens RAW, the first version."""
    head = b"RAW " + struct.pack("<IffIIf", POINTS, 1.0, STEP, 0, 0, FIRST)
    head += struct.pack("<fff", FIRST / 2, -1e6, -1e6) + b"made up".ljust(32, b"\0")
    return head + struct.pack("<ff72xI", *CU, 0) + FLOATS


def raw_2() -> bytes:
    """Siemens RAW2."""
    head = bytearray(256)
    struct.pack_into("<4sH", head, 0, b"RAW2", 1)
    struct.pack_into("<2sfff", head, 188, b"Cu", *CU, 0.5)
    block = bytearray(48)
    struct.pack_into("<HH4xfff", block, 0, 48, POINTS, 1.0, STEP, FIRST)
    return bytes(head + block) + FLOATS


def raw_3() -> bytes:
    """Bruker RAW1.01, which is called the third version."""
    head = bytearray(712)
    struct.pack_into("<8sII", head, 0, b"RAW1.01", 1, 1)
    struct.pack_into("<4s4xddddd", head, 608, b"Cu", 1.5418, *CU, 1.3922, 0.5)
    block = bytearray(304)
    struct.pack_into("<IIdd", block, 0, 304, POINTS, FIRST / 2, FIRST)
    struct.pack_into("<d8xfI", block, 176, STEP, 2.0, 0)
    struct.pack_into("<dIIII", block, 240, CU[0], 0, 4, 16, 0)
    return bytes(head + block) + bytes(16) + FLOATS


def raw_4() -> bytes:
    """Bruker RAW4.00: segments, a range with a drive, two numbers a point."""
    head = bytearray(61)
    struct.pack_into("<7s", head, 0, b"RAW4.00")
    tube = bytearray(120)
    struct.pack_into("<II", tube, 0, 30, 120)
    struct.pack_into("<ddddd4x4s", tube, 72, 1.5418, *CU, 1.3922, 0.5, b"Cu")
    user = struct.pack("<III24s8s", 10, 44, 0, b"USER", b"nobody")
    block = bytearray(160)
    struct.pack_into("<32x24s16xddIf", block, 0, b"Locked Coupled", FIRST / 2, STEP, POINTS, 1.0)
    struct.pack_into("<II", block, 136, 8, 64)
    drive = struct.pack("<III24s20xd", 50, 64, 1, b"2Theta", FIRST)
    points = np.column_stack([COUNTS, TWO_THETA]).astype("<f4").tobytes()
    return bytes(head) + user + bytes(tube) + bytes(block) + drive + points


def _zipped(files: dict[str, str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return memory.getvalue()


def brml() -> bytes:
    """Bruker: points of time, absorber, 2-theta, theta, temperature, counts."""
    points = "".join(
        f"<Datum>1,1,{x:.2f},{x / 2:.2f},25.1,{y:.0f}</Datum>"
        for x, y in zip(TWO_THETA, COUNTS, strict=True)
    )
    return _zipped({"Experiment0/RawData0.xml": f"""<RawData>
<WaveLengthAlpha1 Unit="A" Value="{CU[0]}"/><WaveLengthAlpha2 Unit="A" Value="{CU[1]}"/>
<WaveLengthRatio Value="0.5"/><TubeMaterial>Cu</TubeMaterial>
<DataRoutes><DataRoute><ScanInformation><TimePerStep>1</TimePerStep><ScanAxes>
<ScanAxisInfo AxisId="TwoTheta"/><ScanAxisInfo AxisId="Theta"/></ScanAxes></ScanInformation>
{points}</DataRoute></DataRoutes></RawData>"""})  # fmt: skip


def ras() -> bytes:
    """Rigaku's text."""
    rows = _rows(" ", "{:.2f}{}{:.0f} 1.0000")
    return f"""*RAS_DATA_START
*RAS_HEADER_START
*HW_XG_TARGET_NAME "Cu"
*HW_XG_WAVE_LENGTH_ALPHA1 "{CU[0]}"
*HW_XG_WAVE_LENGTH_ALPHA2 "{CU[1]}"
*MEAS_COND_XG_WAVE_TYPE "Ka"
*MEAS_SCAN_AXIS_X_INTERNAL "TwoThetaTheta"
*RAS_HEADER_END
*RAS_INT_START
{rows}*RAS_INT_END
*RAS_DATA_END
""".encode()


def rigaku_asc() -> bytes:
    """Rigaku's older text, four counts a line."""
    rows = [",".join(f" {count:.0f}" for count in COUNTS[at : at + 4])
            for at in range(0, POINTS, 4)]  # fmt: skip
    return f"""*TYPE\t\t=  Raw
*SCAN_AXIS\t=  2theta/theta
*XRAY_CHAR\t=  K-ALPHA
*WAVE_LENGTH1\t=  {CU[0]}
*WAVE_LENGTH2\t=  {CU[1]}
*SPEED_DIM\t=  sec./step
*YUNIT\t\t=  counts

*BEGIN
*GROUP\t\t=  0
*START\t\t=  {FIRST}
*STEP\t\t=  {STEP}
*SPEED\t\t=  1.0
*COUNT\t\t=  {POINTS}
{chr(10).join(rows)}
*END
*EOF
""".encode()


def rasx() -> bytes:
    """Rigaku's archive."""
    return _zipped({
        "Data0/Profile0.txt": "\ufeff" + _rows("\t", "{:.2f}{}{:.0f}\t1"),
        "Data0/MesurementConditions0.xml": f"""<MeasurementConditions><HWConfigurations>
<XrayGenerator><TargetName>Cu</TargetName><WaveType>Ka</WaveType>
<WavelengthKalpha1>{CU[0]}</WavelengthKalpha1><WavelengthKalpha2>{CU[1]}</WavelengthKalpha2>
</XrayGenerator></HWConfigurations><ScanInformation><AxisName>TwoThetaTheta</AxisName>
</ScanInformation></MeasurementConditions>""",
    })  # fmt: skip


def uxd() -> bytes:
    """Siemens' text: counts without their angles."""
    return f"""; made up
_FILEVERSION=2
_WL1={CU[0]}
_WL2={CU[1]}
_WLRATIO=0.5
_ANODE='Cu'
_DRIVE='COUPLED'
_STEPTIME=1.0
_STEPSIZE={STEP}
_START={FIRST}
_COUNTS
{_blanks(COUNTS)}
""".encode()


def _bank(kind: str, records: list[str]) -> bytes:
    title = "Made up, Cu K-alpha\n"
    scan = f"CONST {100 * FIRST:.1f} {100 * STEP:.1f} 0 0"
    bank = f"BANK 1 {POINTS} {len(records)} {scan} {kind}\n"
    return (title + bank + "\n".join(records) + "\n").encode()


def gsas_std() -> bytes:
    """GSAS, ten counts a record, each with the number of its detectors."""
    fields = [f" 1{count:6.0f}" for count in COUNTS]
    return _bank("STD", ["".join(fields[at : at + 10]) for at in range(0, POINTS, 10)])


def gsas_esd() -> bytes:
    """GSAS, five pairs a record."""
    fields = [f"{count:8.1f}{count**0.5:8.2f}" for count in COUNTS]
    return _bank("ESD", ["".join(fields[at : at + 5]) for at in range(0, POINTS, 5)])


def gsas_fxye() -> bytes:
    """GSAS, a point a record."""
    return _bank("FXYE", [
        f"{100 * x:.2f} {y:.1f} {y**0.5:.2f}" for x, y in zip(TWO_THETA, COUNTS, strict=True)
    ])  # fmt: skip


def fullprof() -> bytes:
    """FullProf, counts below first angle, step and last angle."""
    rows = [_blanks(COUNTS[at : at + 10]) for at in range(0, POINTS, 10)]
    heading = f"{FIRST} {STEP} {TWO_THETA[-1]} made up\n"
    return ("! CuKa\n" + heading + "\n".join(rows) + "\n").encode()


def cif() -> bytes:
    """Powder CIF."""
    return (
        f"data_x\n_diffrn_radiation_wavelength {(2 * CU[0] + CU[1]) / 3:.5f}\n"
        "loop_\n_pd_meas_2theta_scan\n_pd_meas_counts_total\n" + _rows()
    ).encode()


def peaks() -> bytes:
    """A list of peaks with more columns than are wanted."""
    return b"""No. h k l 2theta d I FWHM
1 1 1 1 27.390 3.2563 8.1 0.1
2 2 0 0 31.730 2.8200 100.0 0.1
3 2 2 0 45.488 1.9940 65.6 0.1
4 3 1 1 53.923 1.7005 1.9 0.1
"""


SAMPLES: dict[str, Callable[[], bytes]] = {
    each.__name__: each
    for each in (
        columns, csv, packed, xrdml, xrdml_2, raw_1, raw_2, raw_3, raw_4, brml, ras, rigaku_asc,
        rasx, uxd,
        gsas_std, gsas_esd, gsas_fxye, fullprof, cif, peaks,
    )
}  # fmt: skip
