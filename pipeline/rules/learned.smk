# The networks that come with the project, scored as they are on the DFT test crystals.


rule score_learned:
    input:
        code=code_of("pipeline.steps.score_learned"),
        structures=lambda wildcards: structures_file(wildcards.system),
        densities="data/dft_densities.parquet",
        free_atoms=GAUSSIANS,
        model=lambda wildcards: store.learned_files(wildcards.system),
        described=WORK / "learned/{system}/described.parquet" if LEARNING else [],
    output:
        store.LEARNED_SCORES,
    log:
        "work/logs/score_learned/{system}.log",
    benchmark:
        "work/benchmarks/score_learned/{system}.tsv"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=PARAMS.fingerprint("patterns", "densities", "learned"),
        described=lambda wildcards, input: f"--described {input.described}" if LEARNING else "",
    conda:
        ENVIRONMENT
    message:
        "score_learned: the network that comes along on its test crystals, {wildcards.system}"
    shell:
        "python -m pipeline.steps.score_learned --system {wildcards.system} {params.described} "
        "--scores {output} 2>&1 | tee {log}"


rule learned:
    input:
        code=code_of("pipeline.steps.learned"),
        scores=expand(store.LEARNED_SCORES, system=PARAMS.systems),
    output:
        LEARNED_METRICS,
    log:
        "work/logs/learned.log",
    benchmark:
        "work/benchmarks/learned.tsv"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=PARAMS.fingerprint("seed"),
    conda:
        ENVIRONMENT
    message:
        "learned: means, intervals and groups of those scores"
    shell:
        "python -m pipeline.steps.learned --scores {input.scores} --metrics {output} "
        "2>&1 | tee {log}"
