#!/usr/bin/env bash
# A Slurm of one node on this machine, for tests: needs root and Debian's slurm-wlm and munge.
#
#   tests/slurm/one_node.sh start FOLDER    state, logs and pid files go to FOLDER
#   tests/slurm/one_node.sh stop FOLDER
set -euo pipefail
folder=$(realpath -m "$2")

start() {
  mkdir -p "$folder/state" "$folder/spool" /etc/slurm /run/munge
  chown munge: /run/munge
  [ -e /etc/munge/munge.key ] || { dd if=/dev/urandom bs=1 count=1024 of=/etc/munge/munge.key status=none
    chown munge: /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
  # There: the place is compiled into srun, which jobs start again.
  cat > /etc/slurm/slurm.conf <<CONF
ClusterName=test
SlurmctldHost=localhost
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MinJobAge=600
GresTypes=gpu
NodeName=localhost CPUs=$(nproc) RealMemory=${MEMORY_MB:-20000} Gres=gpu:2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  # Two GPUs that Slurm only counts: jobs that ask for one are given it, and find none.
  for gpu in "$folder/gpu0" "$folder/gpu1"; do [ -e "$gpu" ] || mknod "$gpu" c 1 3; done
  echo "AutoDetect=off" > /etc/slurm/gres.conf
  echo "Name=gpu File=$folder/gpu[0-1]" >> /etc/slurm/gres.conf
  runuser -u munge -- munged --pid-file=/run/munge/munged.pid --force
  slurmctld
  slurmd
  for _ in $(seq 50); do
    sinfo --noheader --format %T 2>/dev/null | grep -q -E 'idle|mix|alloc' && return 0
    sleep 0.2
  done
  echo "the node did not come up; see $folder/slurmctld.log and slurmd.log" >&2
  exit 1
}

stop() {
  for pid in "$folder/slurmd.pid" "$folder/slurmctld.pid" /run/munge/munged.pid; do
    [ -e "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true
  done
}

case $1 in
  start) start ;;
  stop) stop ;;
  *) echo "start or stop?" >&2; exit 2 ;;
esac
