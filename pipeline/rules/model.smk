# From the data set to scored models.


rule canonical:
    input:
        code=code_of("pipeline.steps.canonical"),
        table=store.DATASET,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
        free_atoms=GAUSSIANS,
    output:
        crystals=store.CANONICAL_CRYSTALS,
        modes=store.CANONICAL_MODES,
        metrics=store.CANONICAL_METRICS,
    log:
        "work/logs/canonical/{system}.log",
    benchmark:
        "work/benchmarks/canonical/{system}.tsv"
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        settings=PARAMS.fingerprint("seed", "patterns", "modes"),
    conda:
        ENVIRONMENT
    message:
        "canonical: settings, lines and density modes, {wildcards.system}"
    shell:
        "python -m pipeline.steps.canonical --system {wildcards.system} "
        "--crystals {output.crystals} --modes {output.modes} --metrics {output.metrics} "
        "2>&1 | tee {log}"


rule train:
    input:
        code=code_of("pipeline.steps.train"),
        table=store.DATASET,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
        canonical=lambda wildcards: store.canonical_files(PARAMS.models[wildcards.model].system),
    output:
        weights=store.WEIGHTS,
        card=store.CARD,
        curves=directory(store.CURVES),
    log:
        "work/logs/train/{model}.log",
    benchmark:
        "work/benchmarks/train/{model}.tsv"
    threads: THREADS
    retries: 1
    resources:
        gpu=0 if PARAMS.scale == "quick" else 1,
        mem_mb=8000,
        runtime=30 if PARAMS.scale == "quick" else 600,
    params:
        settings=PARAMS.fingerprint("seed", "network", "training", "protocols", "modes"),
        model=lambda wildcards: str(PARAMS.models[wildcards.model]),
    conda:
        ENVIRONMENT
    message:
        "train: {wildcards.model}"
    shell:
        "python -m pipeline.steps.train --model {wildcards.model} --threads {threads} "
        "--processes {resources.gpu} "
        "--weights {output.weights} --card {output.card} --curves {output.curves} "
        "2>&1 | tee {log}"


rule evaluate:
    input:
        code=code_of("pipeline.steps.evaluate"),
        table=store.DATASET,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
        canonical=lambda wildcards: store.canonical_files(PARAMS.models[wildcards.model].system),
        weights=store.WEIGHTS,
        card=store.CARD,
    output:
        scores=store.MODEL_SCORES,
        metrics=store.MODEL_METRICS,
        groups=store.GROUP_METRICS,
    log:
        "work/logs/evaluate/{model}.log",
    benchmark:
        "work/benchmarks/evaluate/{model}.tsv"
    threads: THREADS
    resources:
        gpu=0 if PARAMS.scale == "quick" else 1,
        mem_mb=8000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("seed", "evaluation", "protocols"),
        model=lambda wildcards: str(PARAMS.models[wildcards.model]),
    conda:
        ENVIRONMENT
    message:
        "evaluate: {wildcards.model} on its test crystals"
    shell:
        "python -m pipeline.steps.evaluate --model {wildcards.model} --threads {threads} "
        "--weights {input.weights} --card {input.card} --scores {output.scores} --metrics {output.metrics} "
        "--groups {output.groups} "
        "2>&1 | tee {log}"


rule baselines:
    input:
        code=code_of("pipeline.steps.baselines"),
        table=store.DATASET,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
        free_atoms=GAUSSIANS,
    output:
        scores=store.BASELINE_SCORES,
        metrics=store.BASELINE_METRICS,
    log:
        "work/logs/baselines/{system}.log",
    benchmark:
        "work/benchmarks/baselines/{system}.tsv"
    threads: THREADS
    resources:
        gpu=0 if PARAMS.scale == "quick" else 1,
        mem_mb=8000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("seed", "evaluation", "protocols"),
    conda:
        ENVIRONMENT
    message:
        "baselines: what no network reaches, {wildcards.system}"
    shell:
        "python -m pipeline.steps.baselines --system {wildcards.system} --threads {threads} "
        "--free-atoms {input.free_atoms} "
        "--scores {output.scores} --metrics {output.metrics} 2>&1 | tee {log}"


rule focus:
    input:
        code=code_of("pipeline.steps.focus"),
        metrics=expand(store.MODEL_METRICS, model=PARAMS.models),
        groups=expand(store.GROUP_METRICS, model=PARAMS.models),
    output:
        metrics=store.FOCUS_METRICS,
        distribution=store.FOCUS_DISTRIBUTION,
    log:
        "work/logs/focus.log",
    benchmark:
        "work/benchmarks/focus.tsv"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=PARAMS.fingerprint("focus", "models"),
    conda:
        ENVIRONMENT
    message:
        "focus: the scores of one input, for comparing revisions"
    shell:
        "python -m pipeline.steps.focus --metrics {output.metrics} "
        "--distribution {output.distribution} 2>&1 | tee {log}"


rule ablate:
    input:
        code=code_of("pipeline.steps.ablate"),
        scores=expand(store.MODEL_SCORES, model=PARAMS.models),
    output:
        table=store.ABLATION,
        metrics=store.METRICS / "ablation.json",
        repeats=store.METRICS / "repeats.json",
    log:
        "work/logs/ablate.log",
    benchmark:
        "work/benchmarks/ablate.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=PARAMS.fingerprint("seed", "evaluation", "models"),
    conda:
        ENVIRONMENT
    message:
        "ablate: what each input is worth, crystal by crystal"
    shell:
        "python -m pipeline.steps.ablate --table {output.table} "
        "--metrics {output.metrics} --repeats {output.repeats} 2>&1 | tee {log}"
