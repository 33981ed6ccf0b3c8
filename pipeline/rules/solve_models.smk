# The networks of `crystalnet solve`, which come with the project: made by `make solve-models`, and
# not with the rest. Their weights are in git, so no stage of the ledger makes them anew.


rule solve_pretrain:
    input:
        code=code_of("pipeline.steps.solve_model"),
        structures="data/structures.parquet",
        free_atoms="data/valence_gaussians.json",
        measured="data/measured_patterns/manifest.json",
    output:
        weights=WORK / "solve/{system}-iam.safetensors",
        card=WORK / "solve/{system}-iam.yaml",
    log:
        "work/logs/solve_pretrain/{system}.log",
    benchmark:
        "work/benchmarks/solve_pretrain/{system}.tsv"
    threads: THREADS
    resources:
        gpu=0 if PARAMS.scale in ("quick", "cpu") else 1,
        mem_mb=8000,
        runtime=600,
    params:
        settings=PARAMS.fingerprint("seed", "patterns", "training", "solve"),
    conda:
        ENVIRONMENT
    message:
        "solve_pretrain: {wildcards.system}, on independent-atom densities"
    shell:
        "python -m pipeline.steps.solve_model --system {wildcards.system} --densities iam "
        "--threads {threads} --weights {output.weights} --card {output.card} 2>&1 | tee {log}"


rule solve_finetune:
    input:
        code=code_of("pipeline.steps.solve_model"),
        structures="data/structures.parquet",
        densities="data/dft_densities.parquet",
        measured="data/measured_patterns/manifest.json",
        start=WORK / "solve/{system}-iam.safetensors",
    output:
        weights=store.SOLVE_WEIGHTS,
        card=store.SOLVE_CARD,
    log:
        "work/logs/solve_finetune/{system}.log",
    benchmark:
        "work/benchmarks/solve_finetune/{system}.tsv"
    threads: THREADS
    resources:
        gpu=0 if PARAMS.scale in ("quick", "cpu") else 1,
        mem_mb=8000,
        runtime=600,
    params:
        settings=PARAMS.fingerprint("seed", "patterns", "densities", "training", "solve"),
    conda:
        ENVIRONMENT
    message:
        "solve_finetune: {wildcards.system}, on DFT densities"
    shell:
        "python -m pipeline.steps.solve_model --system {wildcards.system} --densities dft "
        "--threads {threads} --start {input.start} "
        "--weights {output.weights} --card {output.card} 2>&1 | tee {log}"
