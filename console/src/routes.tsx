import { type ComponentType, lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { Busy } from "./shared/Busy.tsx";
import { Frame } from "./shell/Frame.tsx";
import { NoSuchPage } from "./shell/NoSuchPage.tsx";

/** A page that is loaded when it is first opened. */
function page(load: () => Promise<Record<string, ComponentType>>, name: string) {
  const Lazy = lazy(async () => ({ default: (await load())[name] as ComponentType }));
  return (
    <Suspense fallback={<Busy />}>
      <Lazy />
    </Suspense>
  );
}

// Made once: pages made anew with each drawing would lose what is typed in them, at a change of language for one.
const ROUTES = (
  <Routes>
    <Route element={<Frame />}>
      <Route index element={page(() => import("./overview/OverviewPage.tsx"), "OverviewPage")} />
      <Route path="jobs" element={page(() => import("./jobs/JobsPage.tsx"), "JobsPage")} />
      <Route path="jobs/new" element={page(() => import("./create/CreatePage.tsx"), "CreatePage")} />
      <Route path="jobs/compare" element={page(() => import("./compare/ComparePage.tsx"), "ComparePage")} />
      <Route path="jobs/:jobId/:tab?" element={page(() => import("./job/JobPage.tsx"), "JobPage")} />
      <Route
        path="experiments"
        element={page(() => import("./experiments/ExperimentsPage.tsx"), "ExperimentsPage")}
      />
      <Route
        path="experiments/:experimentId"
        element={page(() => import("./experiments/ExperimentPage.tsx"), "ExperimentPage")}
      />
      <Route
        path="algorithms"
        element={page(() => import("./algorithms/AlgorithmsPage.tsx"), "AlgorithmsPage")}
      />
      <Route
        path="algorithms/new"
        element={page(() => import("./algorithms/AlgorithmForm.tsx"), "NewAlgorithmPage")}
      />
      <Route
        path="algorithms/:algorithmId"
        element={page(() => import("./algorithms/AlgorithmPage.tsx"), "AlgorithmPage")}
      />
      <Route
        path="algorithms/:algorithmId/edit"
        element={page(() => import("./algorithms/AlgorithmForm.tsx"), "EditAlgorithmPage")}
      />
      <Route path="gallery" element={page(() => import("./gallery/GalleryPage.tsx"), "GalleryPage")} />
      <Route
        path="gallery/:itemId"
        element={page(() => import("./gallery/GalleryItemPage.tsx"), "GalleryItemPage")}
      />
      <Route path="datasets" element={page(() => import("./datasets/DatasetsPage.tsx"), "DatasetsPage")} />
      <Route
        path="datasets/:datasetId"
        element={page(() => import("./datasets/DatasetPage.tsx"), "DatasetPage")}
      />
      <Route path="models" element={page(() => import("./models/ModelsPage.tsx"), "ModelsPage")} />
      <Route path="models/:modelId" element={page(() => import("./models/ModelPage.tsx"), "ModelPage")} />
      <Route path="objects" element={page(() => import("./storage/BucketsPage.tsx"), "BucketsPage")} />
      <Route
        path="objects/:bucket/*"
        element={page(() => import("./storage/ObjectsPage.tsx"), "ObjectsPage")}
      />
      <Route path="pools" element={page(() => import("./pools/PoolsPage.tsx"), "PoolsPage")} />
      <Route path="pools/:poolName" element={page(() => import("./pools/PoolPage.tsx"), "PoolPage")} />
      <Route
        path="workspaces"
        element={page(() => import("./workspaces/WorkspacesPage.tsx"), "WorkspacesPage")}
      />
      <Route
        path="workspaces/:workspaceId"
        element={page(() => import("./workspaces/WorkspacePage.tsx"), "WorkspacePage")}
      />
      <Route path="users" element={page(() => import("./users/UsersPage.tsx"), "UsersPage")} />
      <Route path="audit" element={page(() => import("./audit/AuditPage.tsx"), "AuditPage")} />
      <Route path="account" element={page(() => import("./account/AccountPage.tsx"), "AccountPage")} />
      <Route path="*" element={<NoSuchPage />} />
    </Route>
  </Routes>
);

export function AppRoutes() {
  return ROUTES;
}
