import account from "./en/account.json";
import algorithms from "./en/algorithms.json";
import audit from "./en/audit.json";
import charts from "./en/charts.json";
import common from "./en/common.json";
import compare from "./en/compare.json";
import create from "./en/create.json";
import datasets from "./en/datasets.json";
import experiments from "./en/experiments.json";
import gallery from "./en/gallery.json";
import job from "./en/job.json";
import jobs from "./en/jobs.json";
import logs from "./en/logs.json";
import models from "./en/models.json";
import overview from "./en/overview.json";
import pools from "./en/pools.json";
import shell from "./en/shell.json";
import storage from "./en/storage.json";
import users from "./en/users.json";
import workspaces from "./en/workspaces.json";

export default {
  common,
  shell,
  overview,
  jobs,
  create,
  job,
  logs,
  charts,
  compare,
  algorithms,
  gallery,
  datasets,
  models,
  experiments,
  storage,
  pools,
  workspaces,
  users,
  audit,
  account,
};
