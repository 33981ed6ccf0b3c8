# What the rules share: the checked parameters, and where work and logs go.
import os
import sys
from pathlib import Path

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.code import code_by_rule, code_of
from pipeline.params import load_params
from pipeline.sources import GAUSSIANS, source_files, structures_file, structures_files

try:
    PARAMS = load_params()
except CrystalNetError as error:
    raise WorkflowError(str(error)) from None

# The steps run with the Python that runs Snakemake, whether its environment is activated or not.
# Not by a prefix of the shell, in which a path with quotes or braces would be read as code.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", os.defpath)])
)
# Without it a step that fails would pass behind its `tee`.
shell.prefix("set -euo pipefail; ")

# Wildcards are filled in here too, so braces of the folder's own name are doubled.
ENVIRONMENT = (
    str(Path(workflow.basedir, "pipeline/environment.yaml")).replace("{", "{{").replace("}", "}}")
)

# Work of another scale or other data settings stays beside this one's and is found again.
DATA_SECTIONS = (
    "seed", "systems", "structures", "split", "patterns", "densities", "store"
)
WORK = store.WORK / PARAMS.fingerprint(*DATA_SECTIONS)
# A small network gains nothing from a second thread; two trainings side by side gain all.
THREADS = 1 if PARAMS.scale == "quick" else 4
# Densities that are fetched are planned first; a new plan does not fetch them again.
FETCHED = PARAMS.densities.source == "materials_project"
# The networks that come with the project are trained at one scale, and scored as they are at others.
LEARNING = PARAMS.scale == "cpu"
LEARNED_METRICS = store.LEARNED_METRICS if LEARNING else store.LEARNED_DFT_METRICS
PLAN = WORK / "plan.json"
SHARDS = [f"{index:04d}" for index in range(PARAMS.store.shards)]


wildcard_constraints:
    shard=r"\d{4}",
    model="|".join(PARAMS.models),
    system="|".join(PARAMS.systems),


rule code:
    input:
        sorted(set().union(*code_by_rule().values())),
    output:
        store.FINGERPRINTS,
    log:
        "work/logs/code.log",
    benchmark:
        "work/benchmarks/code.tsv"
    resources:
        mem_mb=500,
        runtime=5,
    conda:
        ENVIRONMENT
    message:
        "code: what each rule runs, as a fingerprint for DVC"
    shell:
        "python -m pipeline.steps.fingerprints --output {output} 2>&1 | tee {log}"
