# Only where densities are fetched from the Materials Project.


rule plan:
    input:
        code=code_of("pipeline.steps.plan"),
        split=store.SPLIT,
    output:
        PLAN,
    log:
        "work/logs/plan.log",
    benchmark:
        "work/benchmarks/plan.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=PARAMS.fingerprint("densities"),
    conda:
        ENVIRONMENT
    message:
        "plan: how many densities, how long, how much disk"
    shell:
        "python -m pipeline.steps.plan --split {input.split} --output {output} 2>&1 | tee {log}"


rule left_out:
    input:
        code=code_of("pipeline.steps.left_out"),
        structures=store.STRUCTURES,
        duplicates=store.DUPLICATES,
        split=store.SPLIT,
        densities=store.DENSITIES,
        dataset=store.DATASET,
    output:
        store.LEFT_OUT,
    log:
        "work/logs/left_out.log",
    benchmark:
        "work/benchmarks/left_out.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        ENVIRONMENT
    message:
        "left_out: every crystal that is not in the data set, and why"
    shell:
        "python -m pipeline.steps.left_out --structures {input.structures} "
        "--duplicates {input.duplicates} --split {input.split} --densities {input.densities} "
        "--dataset {input.dataset} --output {output} 2>&1 | tee {log}"
