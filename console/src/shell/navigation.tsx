import {
  AppstoreOutlined,
  AuditOutlined,
  ClusterOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  DeploymentUnitOutlined,
  ExperimentOutlined,
  FolderOpenOutlined,
  FunctionOutlined,
  GoldOutlined,
  TeamOutlined,
  ThunderboltOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";

interface Place {
  path: string;
  /** Key of its name below `shell.nav`. */
  name: string;
  icon: ReactNode;
  /** The action without which there is nothing to see. */
  needs?: string;
}

/** The pages of the side bar, in groups. */
export const PLACES: readonly { group: string; places: readonly Place[] }[] = [
  { group: "", places: [{ path: "/", name: "overview", icon: <DashboardOutlined /> }] },
  {
    group: "training",
    places: [
      { path: "/jobs", name: "jobs", icon: <ThunderboltOutlined />, needs: "modelarts:trainJob:list" },
      {
        path: "/experiments",
        name: "experiments",
        icon: <ExperimentOutlined />,
        needs: "modelarts:experiment:list",
      },
      {
        path: "/algorithms",
        name: "algorithms",
        icon: <FunctionOutlined />,
        needs: "modelarts:algorithm:list",
      },
      { path: "/gallery", name: "gallery", icon: <AppstoreOutlined />, needs: "modelarts:gallery:list" },
    ],
  },
  {
    group: "data",
    places: [
      { path: "/objects", name: "objects", icon: <FolderOpenOutlined />, needs: "obs:bucket:list" },
      { path: "/datasets", name: "datasets", icon: <DatabaseOutlined />, needs: "modelarts:dataset:list" },
      { path: "/models", name: "models", icon: <GoldOutlined />, needs: "modelarts:model:list" },
    ],
  },
  {
    group: "platform",
    places: [
      { path: "/pools", name: "pools", icon: <ClusterOutlined />, needs: "modelarts:pool:list" },
      {
        path: "/workspaces",
        name: "workspaces",
        icon: <DeploymentUnitOutlined />,
        needs: "modelarts:workspace:list",
      },
      { path: "/users", name: "users", icon: <TeamOutlined />, needs: "iam:user:get" },
      { path: "/audit", name: "audit", icon: <AuditOutlined />, needs: "iam:audit:read" },
    ],
  },
];

export const ACCOUNT_ICON = <UserOutlined />;
