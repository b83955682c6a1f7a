/** Bodies of jobs of every kind, for tests: the form, the texts, and (by the Python tests) a real server go through them. */

const CODE = "obs://samples/digits/code/";

export const SAMPLES: Readonly<Record<string, object>> = {
  plain: {
    kind: "job",
    metadata: { name: "plain" },
    algorithm: { code_dir: CODE, boot_file: `${CODE}train.py`, engine: { engine_id: "ENGINE" } },
    spec: { resource: { flavor_id: "FLAVOR", node_count: 1 } },
  },
  full: {
    kind: "job",
    metadata: {
      name: "full",
      description: 'It\'s "quoted", $HOME `id` \\ 100% 手写数字 😀 !x',
      annotations: {
        "fault-tolerance/job-retry-num": "2",
        "fault-tolerance/job-unconditional-retry": "true",
        "fault-tolerance/hang-retry": "true",
        "team/own": "yes",
      },
      training_experiment_reference: { name: "digits and more" },
    },
    algorithm: {
      code_dir: CODE,
      boot_file: `${CODE}deep/er/train.py`,
      engine: { engine_id: "ENGINE" },
      working_dir: "/home/ma-user/work",
      parameters: [
        { name: "lr", value: "0.1" },
        { name: "text", value: "a b'c\"d$e=f\\g\n第二行" },
        { name: "empty", value: "" },
        { name: "on", value: "on" },
        { name: "date", value: "2026-11-22" },
        { name: "sexagesimal", value: "12:30:45" },
        { name: "exponent", value: "1e3" },
        { name: "octal", value: "0o17" },
        { name: "null", value: "~" },
      ],
      inputs: [
        { name: "data_url", remote: { obs: { obs_url: "obs://samples/digits/数据 data/" } } },
        { name: "more", access_method: "env", remote: { obs: { obs_url: "obs://samples/digits/more/" } } },
      ],
      outputs: [
        {
          name: "train_url",
          prefetch_to_local: true,
          remote: { obs: { obs_url: "obs://samples/digits/out/" } },
        },
      ],
      environments: { OMP_NUM_THREADS: "1", EMPTY: "", QUOTED: 'it\'s $HOME "x"', yes: "no" },
      metrics: [{ name: "loss", regex: "loss=(\\S+)" }],
    },
    spec: {
      resource: { flavor_id: "FLAVOR", node_count: 2 },
      auto_stop: { time_unit: "SECONDS", duration: 5400 },
      stop_grace_seconds: 45,
      reserved_time: { time_unit: "HOURS", duration: 3 },
      retention: { policy: "disabled" },
      schedule_policy: { priority: 2, preemptible: true },
      log_export_path: { obs_url: "obs://samples/logs/" },
      checkpoints: { keep_last: 3, keep_best: 1, metric: "acc", mode: "max" },
    },
  },
  options: {
    kind: "job",
    metadata: {
      name: "options",
      description: "-x --help",
      annotations: { "fault-tolerance/job-retry-num": "1" },
    },
    algorithm: {
      command: "echo 'a  b' && python3 -c \"print(1)\"; exit $?",
      environments: { A: "-1" },
      parameters: [{ name: "-dash", value: "--value" }],
      outputs: [
        { name: "out", prefetch_to_local: true, remote: { obs: { obs_url: "obs://samples/o'ne/" } } },
      ],
    },
    spec: {
      resource: { flavor_id: "FLAVOR", node_count: 1 },
      auto_stop: { time_unit: "HOURS", duration: 2 },
      reserved_time: { time_unit: "HOURS", duration: 1 },
      schedule_policy: { priority: 2, preemptible: true },
      log_export_path: { obs_url: "obs://samples/logs/" },
    },
  },
  flags: {
    kind: "job",
    metadata: { name: "flags" },
    algorithm: {
      command: "true",
      parameters: [
        { name: "verbose", flag: true },
        { name: "unset" },
        {
          name: "epochs",
          value: "3",
          description: "passes",
          constraint: { type: "Integer", required: true },
        },
      ],
    },
    spec: { resource: { flavor_id: "FLAVOR", node_count: 1 }, folders: {} },
  },
  roles: {
    kind: "hetero_job",
    metadata: { name: "roles" },
    algorithm: { code_dir: CODE, engine: { engine_id: "ENGINE" }, environments: { SHARED: "1" } },
    spec: {
      resource: { flavor_id: "FLAVOR" },
      folders: {
        dataset: { obs_url: "obs://samples/digits/" },
        output_model: { name: "digits" },
        user_home: true,
      },
    },
    tasks: [
      {
        role: "learner",
        command: "python /code/learn.py",
        isMainRole: true,
        parameters: [{ name: "rate", value: "0.1" }],
        environments: { ROLE: "learner", EMPTY: "" },
        task_resource: { flavor_id: "FLAVOR", node_count: 1 },
      },
      {
        role: "actor",
        algorithm: { boot_file: `${CODE}train.py` },
        minFailedTaskCount: 2,
        minSucceededTaskCount: 1,
        task_resource: { node_count: 2 },
      },
    ],
  },
};
