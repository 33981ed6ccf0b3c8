#!/usr/bin/env bash
# Everything that wants a GPU, in one command, after `make setup`:
#
#   benchmarks/gpu.sh                      all of it
#   benchmarks/gpu.sh benchmarks embedded  some of it, in the order given
#
# benchmarks  training step, validation and test, scoring, IAM densities, and a profile of the step
# embedded    the paper's protocol on the embedded DFT crystals: three trainings a system by the
#             protocol of Table 1, the four inputs of Table 2
# precision   bfloat16 beside float32, same seeds
# iam         the same network on IAM densities of the paper's own crystals, scored on its test ids
# finetune    the IAM models trained on with the embedded DFT densities
#
# Results come to $RESULTS (work/gpu unless set): the benchmarks' output, and of each scale metrics,
# curves, tables per crystal, cards, weights and the report. Work is kept there too: run it again
# after an interruption and it goes on. $EPOCHS_IAM holds the cosine cycles of the IAM trainings.
set -euo pipefail
cd "$(dirname "$0")/.."
RESULTS=$(realpath -m "${RESULTS:-work/gpu}")
EPOCHS_IAM=${EPOCHS_IAM:-"[100, 200]"}
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(benchmarks embedded precision iam finetune)
[ -d .venv ] && export PATH="$PWD/.venv/bin:$PATH"
mkdir -p "$RESULTS"
python -c 'import torch; assert torch.cuda.is_available(), "no GPU here: torch sees none"'

# A copy of the project in $RESULTS, so that the results recorded here stay as they are.
project() {
  mkdir -p "$RESULTS/$1"
  tar --exclude=./work --exclude=./artifacts --exclude=./.venv --exclude=./.git \
    --exclude=./.snakemake --exclude=./metrics -cf - . | tar -xf - -C "$RESULTS/$1"
  ( cd "$RESULTS/$1" && python - "$2" "$3" <<'PYTHON'
import sys
from pathlib import Path
import yaml
params = yaml.safe_load(Path("params.yaml").read_text())
params["scale"] = sys.argv[1]
for key, value in yaml.safe_load(sys.argv[2]).items():
    params["scales"][sys.argv[1]]["training"][key] = value
for system in params["systems"]:
    weights = Path(f"start/{system}.safetensors")
    if weights.exists():
        from crystalnet.files import sha256
        for model in params["models"].values():
            if model["system"] == system and model["input"] == "baseline":
                model["start"] = {"weights": str(weights), "sha256": sha256(weights)}
Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
PYTHON
  )
}

pipeline() {
  ( cd "$RESULTS/$1" && export PYTHONPATH=$PWD && python -m pipeline.unlock &&
    snakemake all --cores all --quiet rules host reason )
}

for step in "${steps[@]}"; do
  case $step in
    benchmarks)
      python -m benchmarks.training_step --device cuda --repeats 20 --profile "$RESULTS/profile" \
        | tee "$RESULTS/training_step.txt"
      python -m benchmarks.evaluation --device cuda | tee "$RESULTS/evaluation.txt"
      python -m benchmarks.scoring --device cuda | tee "$RESULTS/scoring.txt"
      python -m benchmarks.resampling --device cuda | tee "$RESULTS/resampling.txt"
      ;;
    embedded) project embedded embedded '{}'; pipeline embedded ;;
    precision)
      project precision quick '{}'
      ( cd "$RESULTS/precision" && export PYTHONPATH=$PWD &&
        snakemake artifacts/dataset.parquet --cores all --quiet all &&
        for system in cubic trigonal; do python -m benchmarks.precision --system "$system"; done ) \
        | tee "$RESULTS/precision.txt"
      ;;
    iam) project iam iam "{cycles: $EPOCHS_IAM}"; pipeline iam ;;
    finetune)
      mkdir -p "$RESULTS/finetune/start"
      for system in cubic trigonal; do
        cp "$RESULTS/iam/artifacts/models/$system-main/model.safetensors" \
          "$RESULTS/finetune/start/$system.safetensors"
      done
      project finetune embedded '{}'
      pipeline finetune
      ;;
    *) echo "no step $step; there are benchmarks, embedded, precision, iam, finetune" >&2; exit 2 ;;
  esac
done
