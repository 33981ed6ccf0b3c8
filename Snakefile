# The whole graph: crystals -> patterns and densities -> data set -> models -> scores -> report.
# Every knob is in params.yaml; what each rule runs is one small command in pipeline/steps.
from snakemake.utils import min_version

min_version("9.0")

include: "pipeline/rules/common.smk"
include: "pipeline/rules/data.smk"
include: "pipeline/rules/model.smk"
include: "pipeline/rules/learned.smk"
include: "pipeline/rules/report.smk"
if LEARNING:
    include: "pipeline/rules/learned_training.smk"
if FETCHED:
    include: "pipeline/rules/materials_project.smk"


report: "reports/captions/workflow.rst"


rule all:
    input:
        store.FINGERPRINTS,
        store.STRUCTURES,
        store.CRYSTALS,
        store.DUPLICATES,
        store.SPLIT,
        store.PATTERNS,
        store.DENSITIES,
        store.DATASET,
        store.METRICS / "dataset.json",
        expand(store.CANONICAL_CRYSTALS, system=PARAMS.systems),
        expand(store.CANONICAL_MODES, system=PARAMS.systems),
        expand(store.CANONICAL_METRICS, system=PARAMS.systems),
        expand(store.WEIGHTS, model=PARAMS.models),
        expand(store.CARD, model=PARAMS.models),
        expand(store.CURVES, model=PARAMS.models),
        expand(store.MODEL_SCORES, model=PARAMS.models),
        expand(store.MODEL_METRICS, model=PARAMS.models),
        expand(store.GROUP_METRICS, model=PARAMS.models),
        expand(store.BASELINE_SCORES, system=PARAMS.systems),
        expand(store.BASELINE_METRICS, system=PARAMS.systems),
        store.ABLATION,
        store.METRICS / "ablation.json",
        store.METRICS / "repeats.json",
        store.FOCUS_METRICS,
        store.FOCUS_DISTRIBUTION,
        expand(store.LEARNED_SCORES, system=PARAMS.systems),
        LEARNED_METRICS,
        store.REPORT,
        store.FIGURES,
        store.TABLES,
        store.LEFT_OUT if FETCHED else [],
    default_target: True
