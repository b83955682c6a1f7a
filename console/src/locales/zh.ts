import account from "./zh/account.json";
import algorithms from "./zh/algorithms.json";
import audit from "./zh/audit.json";
import charts from "./zh/charts.json";
import common from "./zh/common.json";
import compare from "./zh/compare.json";
import create from "./zh/create.json";
import datasets from "./zh/datasets.json";
import experiments from "./zh/experiments.json";
import gallery from "./zh/gallery.json";
import job from "./zh/job.json";
import jobs from "./zh/jobs.json";
import logs from "./zh/logs.json";
import models from "./zh/models.json";
import overview from "./zh/overview.json";
import pools from "./zh/pools.json";
import shell from "./zh/shell.json";
import storage from "./zh/storage.json";
import users from "./zh/users.json";
import workspaces from "./zh/workspaces.json";

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
