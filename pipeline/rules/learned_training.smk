# Only at scale `cpu`: how the networks that come with the project are made.


rule described:
    input:
        code=code_of("pipeline.steps.described"),
        structures=lambda wildcards: structures_file(wildcards.system),
        free_atoms=GAUSSIANS,
    output:
        WORK / "learned/{system}/described.parquet",
    log:
        "work/logs/described/{system}.log",
    benchmark:
        "work/benchmarks/described/{system}.tsv"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("seed", "patterns", "learned"),
    conda:
        ENVIRONMENT
    message:
        "described: canonical settings, lines and substitutes, {wildcards.system}"
    shell:
        "python -m pipeline.steps.described --system {wildcards.system} --output {output} "
        "2>&1 | tee {log}"


rule modes:
    input:
        code=code_of("pipeline.steps.modes"),
        described=WORK / "learned/{system}/described.parquet",
        densities="data/dft_densities.parquet",
        free_atoms=GAUSSIANS,
    output:
        targets=WORK / "learned/{system}/targets.safetensors",
        metrics=store.MODES_METRICS,
    log:
        "work/logs/modes/{system}.log",
    benchmark:
        "work/benchmarks/modes/{system}.tsv"
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("seed", "densities", "learned"),
    conda:
        ENVIRONMENT
    message:
        "modes: the directions in which densities differ, {wildcards.system}"
    shell:
        "python -m pipeline.steps.modes --system {wildcards.system} "
        "--described {input.described} --targets {output.targets} --metrics {output.metrics} "
        "2>&1 | tee {log}"


rule learn:
    input:
        code=code_of("pipeline.steps.learn"),
        described=WORK / "learned/{system}/described.parquet",
        targets=WORK / "learned/{system}/targets.safetensors",
        densities="data/dft_densities.parquet",
        free_atoms=GAUSSIANS,
    output:
        weights=WORK / "learned/{system}/learned.safetensors",
        curve=WORK / "learned/{system}/learned.json",
    log:
        "work/logs/learn/{system}.log",
    benchmark:
        "work/benchmarks/learn/{system}.tsv"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=PARAMS.fingerprint("seed", "densities", "learned"),
    conda:
        ENVIRONMENT
    message:
        "learn: the network of the modes, {wildcards.system}"
    shell:
        "python -m pipeline.steps.learn --system {wildcards.system} "
        "--described {input.described} --targets {input.targets} --weights {output.weights} "
        "2>&1 | tee {log}"


rule pack:
    input:
        code=code_of("pipeline.steps.pack"),
        described=WORK / "learned/{system}/described.parquet",
        weights=WORK / "learned/{system}/learned.safetensors",
        curve=WORK / "learned/{system}/learned.json",
        densities="data/dft_densities.parquet",
        free_atoms=GAUSSIANS,
    output:
        weights=store.LEARNED_WEIGHTS,
        known=store.LEARNED_KNOWN,
        card=store.LEARNED_CARD,
    log:
        "work/logs/pack/{system}.log",
    benchmark:
        "work/benchmarks/pack/{system}.tsv"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("seed", "patterns", "densities", "learned"),
        folder=lambda wildcards, output: Path(output.weights).parent,
    conda:
        ENVIRONMENT
    message:
        "pack: weights, known structures and card, {wildcards.system}"
    shell:
        "python -m pipeline.steps.pack --system {wildcards.system} "
        "--described {input.described} --trained {input.weights} --folder {params.folder} "
        "2>&1 | tee {log}"
