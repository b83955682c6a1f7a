import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { type Described, DescribedFields } from "../shared/DescribedFields.tsx";
import { Facts } from "../shared/Facts.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { count } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { useNotice } from "../shared/notice.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { ModelVersionDrawer } from "./ModelVersionDrawer.tsx";
import { ModelVersions } from "./ModelVersions.tsx";
import { type Model, modelQuery, modelsKey } from "./queries.ts";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const DESCRIPTION_MAX = 1024;

/** One model: its versions, each made by a job. */
export function ModelPage() {
  const { modelId = "" } = useParams();
  const { t } = useTranslation();
  const [url, setUrl] = useUrlState({ version: "", file: "" });
  const query = useQuery(modelQuery(modelId));
  const model = query.data;
  const above = <Link to="/models">{t("models.title")}</Link>;
  if (!model) return <WaitingPage title={t("models.one")} above={above} query={query} />;
  return (
    <Page
      title={model.model_name}
      above={above}
      aside={<Id id={model.model_id} />}
      actions={<Actions model={model} />}
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      <Section>
        <Facts
          items={[
            [t("common.description"), model.description],
            [t("models.versions"), count(model.version_count)],
            [t("models.owner"), model.user_name],
            [t("models.created"), <Exact key="created" at={model.create_time} />],
            [t("models.updated"), <Exact key="updated" at={model.update_time} />],
          ]}
        />
      </Section>
      <ModelVersions model={model} onOpen={(version) => setUrl({ version }, { push: true })} />
      <ModelVersionDrawer
        model={model}
        versionId={url.version}
        file={url.file}
        onFile={(file) => setUrl({ file })}
        onClose={() => setUrl({ version: null, file: null })}
      />
    </Page>
  );
}

function Actions({ model }: { model: Model }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [isEditing, setEditing] = useState(false);
  const path = inProject({ model_id: model.model_id });
  function remove() {
    confirm({
      title: t("models.deleteTitle", { name: model.model_name }),
      content: t("models.deleteHint", { n: model.version_count }),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/models/{model_id}", { params: { path } });
        done(t("models.deleted"));
        await navigate("/models");
        queries.removeQueries({ queryKey: [...modelsKey(), model.model_id] });
        await queries.invalidateQueries({ queryKey: modelsKey() });
      },
    });
  }
  return (
    <>
      {may("modelarts:model:delete") ? (
        <Button danger onClick={remove}>
          {t("common.delete")}
        </Button>
      ) : null}
      {may("modelarts:model:update") ? (
        <Button onClick={() => setEditing(true)}>{t("common.edit")}</Button>
      ) : null}
      <FormDialog<Described>
        open={isEditing}
        title={t("common.edit")}
        action={t("models.save")}
        initial={{ name: model.model_name, description: model.description }}
        onClose={() => setEditing(false)}
        onSubmit={async ({ name, description }) => {
          await api.PUT("/v2/{project_id}/models/{model_id}", {
            params: { path },
            body: { model_name: name, description },
          });
          await queries.invalidateQueries({ queryKey: modelsKey() });
        }}
      >
        <DescribedFields
          namePattern={NAME}
          nameHint={t("models.nameRules")}
          descriptionMax={DESCRIPTION_MAX}
        />
      </FormDialog>
    </>
  );
}
