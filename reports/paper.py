"""What the paper published (npj Comput. Mater. 10, 2024, doi 10.1038/s41524-024-01401-8)."""

DOI = "10.1038/s41524-024-01401-8"

# Table 1: mean and standard deviation of SSIM and PSNR (dB) over its test crystals.
TABLE_1 = {
    "cubic": {"ssim": (0.934, 0.149), "psnr": (43.0, 12.7)},
    "trigonal": {"ssim": (0.741, 0.215), "psnr": (27.8, 8.1)},
}

# Table 2: mean SSIM and PSNR (dB) by input.
TABLE_2 = {
    "cubic": {
        "baseline": (0.914, 40.9),
        "no_ratios": (0.916, 40.3),
        "drop_element": (0.887, 32.5),
        "no_formula": (0.868, 30.0),
    },
    "trigonal": {
        "baseline": (0.732, 26.9),
        "no_ratios": (0.718, 26.8),
        "drop_element": (0.695, 25.4),
        "no_formula": (0.703, 25.5),
    },
}

# Table 3: crystals of each split.
TABLE_3 = {
    "cubic": {"train": 16378, "val": 250, "test": 500},
    "trigonal": {"train": 9177, "val": 241, "test": 237},
}
