# From crystals to the data set.


rule structures:
    input:
        code=code_of("pipeline.steps.structures"),
        data=source_files(PARAMS),
    output:
        store.STRUCTURES,
    log:
        "work/logs/structures.log",
    benchmark:
        "work/benchmarks/structures.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=PARAMS.fingerprint("systems", "structures", "densities"),
    conda:
        ENVIRONMENT
    message:
        "structures: crystals with a density, for the chosen systems"
    shell:
        "python -m pipeline.steps.structures --output {output} 2>&1 | tee {log}"


rule deduplicate:
    input:
        code=code_of("pipeline.steps.deduplicate"),
        structures=store.STRUCTURES,
    output:
        crystals=store.CRYSTALS,
        duplicates=store.DUPLICATES,
    log:
        "work/logs/deduplicate.log",
    benchmark:
        "work/benchmarks/deduplicate.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
    conda:
        ENVIRONMENT
    message:
        "deduplicate: one crystal for each formula and space group"
    shell:
        "python -m pipeline.steps.deduplicate --structures {input.structures} "
        "--crystals {output.crystals} --duplicates {output.duplicates} 2>&1 | tee {log}"


rule split:
    input:
        code=code_of("pipeline.steps.split"),
        crystals=store.CRYSTALS,
    output:
        store.SPLIT,
    log:
        "work/logs/split.log",
    benchmark:
        "work/benchmarks/split.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=PARAMS.fingerprint("split", "seed"),
    conda:
        ENVIRONMENT
    message:
        "split: train, val and test of each system"
    shell:
        "python -m pipeline.steps.split --crystals {input.crystals} --output {output} "
        "2>&1 | tee {log}"


rule patterns_shard:
    input:
        code=code_of("pipeline.steps.patterns"),
        split=store.SPLIT,
    output:
        directory(WORK / "patterns/{shard}.zarr"),
    log:
        "work/logs/patterns/{shard}.log",
    benchmark:
        "work/benchmarks/patterns/{shard}.tsv"
    retries: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("patterns", "store"),
    conda:
        ENVIRONMENT
    message:
        "patterns: shard {wildcards.shard}"
    shell:
        "python -m pipeline.steps.patterns --split {input.split} --shard {wildcards.shard} "
        "--output {output} 2>&1 | tee {log}"


rule patterns:
    input:
        code=code_of("pipeline.steps.shards"),
        split=store.SPLIT,
        shards=expand(WORK / "patterns/{shard}.zarr", shard=SHARDS),
    output:
        directory(store.PATTERNS),
    log:
        "work/logs/patterns.log",
    benchmark:
        "work/benchmarks/patterns.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("store"),
    conda:
        ENVIRONMENT
    message:
        "patterns: one Zarr array of all crystals"
    shell:
        "python -m pipeline.steps.shards --kind patterns --split {input.split} "
        "--shards {input.shards} --output {output} 2>&1 | tee {log}"


rule densities_shard:
    input:
        code=code_of("pipeline.steps.densities"),
        data=source_files(PARAMS),
        split=store.SPLIT,
        plan=ancient(PLAN) if FETCHED else [],
    output:
        directory(WORK / "densities/{shard}.zarr"),
    log:
        "work/logs/densities/{shard}.log",
    benchmark:
        "work/benchmarks/densities/{shard}.tsv"
    retries: 1
    # All cores resample what one shard fetches; `fetches` keeps a second shard, on this machine
    # or on another node of a cluster, from asking the service at the same time.
    threads: workflow.cores or 8 if FETCHED else 1
    resources:
        fetches=1 if FETCHED else 0,
        mem_mb=4000,
        runtime=240,
    params:
        settings=PARAMS.fingerprint("densities", "store"),
    conda:
        ENVIRONMENT
    message:
        "densities: shard {wildcards.shard}"
    shell:
        "python -m pipeline.steps.densities --split {input.split} --shard {wildcards.shard} "
        "--processes {threads} --output {output} 2>&1 | tee {log}"


rule densities:
    input:
        code=code_of("pipeline.steps.shards"),
        split=store.SPLIT,
        shards=expand(WORK / "densities/{shard}.zarr", shard=SHARDS),
    output:
        directory(store.DENSITIES),
    log:
        "work/logs/densities.log",
    benchmark:
        "work/benchmarks/densities.tsv"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=PARAMS.fingerprint("store"),
    conda:
        ENVIRONMENT
    message:
        "densities: one Zarr array of all crystals"
    shell:
        "python -m pipeline.steps.shards --kind densities --split {input.split} "
        "--shards {input.shards} --output {output} 2>&1 | tee {log}"


rule dataset:
    input:
        code=code_of("pipeline.steps.dataset"),
        split=store.SPLIT,
        duplicates=store.DUPLICATES,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
    output:
        table=store.DATASET,
        metrics=store.METRICS / "dataset.json",
    log:
        "work/logs/dataset.log",
    benchmark:
        "work/benchmarks/dataset.tsv"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=PARAMS.fingerprint("store"),
    conda:
        ENVIRONMENT
    message:
        "dataset: table, patterns and densities agree"
    shell:
        "python -m pipeline.steps.dataset --split {input.split} "
        "--duplicates {input.duplicates} --patterns {input.patterns} "
        "--densities {input.densities} --output {output.table} --metrics {output.metrics} "
        "2>&1 | tee {log}"
