# From scores to a page that a person opens.


rule report:
    input:
        code=code_of("pipeline.steps.report"),
        template="reports/page.html",
        script="reports/views.js",
        table=store.DATASET,
        patterns=store.PATTERNS,
        densities=store.DENSITIES,
        canonical=expand(store.CANONICAL_CRYSTALS, system=PARAMS.systems),
        modes=expand(store.CANONICAL_MODES, system=PARAMS.systems),
        dataset_metrics=store.METRICS / "dataset.json",
        paper_results="data/paper_test_results.parquet",
        weights=expand(store.WEIGHTS, model=PARAMS.models),
        cards=expand(store.CARD, model=PARAMS.models),
        curves=expand(store.CURVES, model=PARAMS.models),
        scores=expand(store.MODEL_SCORES, model=PARAMS.models),
        metrics=expand(store.MODEL_METRICS, model=PARAMS.models),
        baselines=expand(store.BASELINE_METRICS, system=PARAMS.systems),
        baseline_scores=expand(store.BASELINE_SCORES, system=PARAMS.systems),
        ablation=store.ABLATION,
        ablation_metrics=store.METRICS / "ablation.json",
        repeats=store.METRICS / "repeats.json",
        learned=LEARNED_METRICS,
        learned_scores=expand(store.LEARNED_SCORES, system=PARAMS.systems),
        learned_models=[file for system in PARAMS.systems for file in store.learned_files(system)],
        ideas="docs/learned_quick.json",
        full_inputs="docs/learned_inputs.json",
        structures=structures_files(PARAMS.systems),
        dft="data/dft_densities.parquet",
        free_atoms=GAUSSIANS,
    output:
        page=report(store.REPORT, caption="../../reports/captions/page.rst", category="Report"),
        figures=report(
            directory(store.FIGURES),
            patterns=["{name}.png"],
            caption="../../reports/captions/figures.rst",
            category="Figures",
        ),
        tables=report(
            directory(store.TABLES),
            patterns=["{name}.md"],
            caption="../../reports/captions/tables.rst",
            category="Tables",
        ),
    log:
        "work/logs/report.log",
    benchmark:
        "work/benchmarks/report.tsv"
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        settings=PARAMS.fingerprint(
            "scale", "seed", "patterns", "densities", "evaluation", "models", "protocols", "learned"
        ),
    conda:
        ENVIRONMENT
    message:
        "report: {output.page}"
    shell:
        "python -m pipeline.steps.report --page {output.page} --figures {output.figures} "
        "--tables {output.tables} 2>&1 | tee {log}"
