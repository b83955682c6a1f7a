import { useQueryClient } from "@tanstack/react-query";
import { Form, Input, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { api, data, inProject } from "../api/client.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { type GrantValues, MemberRows } from "./MemberRows.tsx";
import { type Workspace, type WorkspaceItem, workspaceKeys } from "./queries.ts";
import styles from "./workspaces.module.css";

const KINDS = ["PUBLIC", "INTERNAL", "PRIVATE"] as const;
type Kind = (typeof KINDS)[number];
/** As the server takes it: 4 to 64 letters of any script, digits, `_` and `-`. */
const NAME = /^[\p{L}\p{N}_-]{4,64}$/u;
const DESCRIPTION_MAX = 256;

interface Fields {
  name: string;
  description: string;
  auth_type: Kind;
  grants: GrantValues[];
}

interface WorkspaceDialogProps {
  /** Null makes a new one. */
  workspace: WorkspaceItem | null;
  open: boolean;
  onClose: () => void;
  onMade?: (workspace: Workspace) => void;
}

/** Makes a workspace, or changes name, description and who may enter. Members of one that exists are changed on its page. */
export function WorkspaceDialog({ workspace, open, onClose, onMade }: WorkspaceDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();

  async function save({ name, description, auth_type, grants }: Fields) {
    if (workspace)
      await api.PUT("/v1/{project_id}/workspaces/{workspace_id}", {
        params: { path: inProject({ workspace_id: workspace.id }) },
        body: { name, description, auth_type },
      });
    else {
      const made = await data(
        api.POST("/v1/{project_id}/workspaces", {
          params: { path: inProject() },
          body: {
            name,
            description,
            auth_type,
            ...(auth_type === "INTERNAL" ? { grants: grants ?? [] } : {}),
          },
        }),
      );
      onMade?.(made);
    }
    await queries.invalidateQueries({ queryKey: workspaceKeys.all() });
  }

  return (
    <FormDialog<Fields>
      title={workspace ? t("workspaces.change", { name: workspace.name }) : t("workspaces.create")}
      open={open}
      onClose={onClose}
      initial={
        workspace
          ? {
              name: workspace.name,
              description: workspace.description,
              auth_type: workspace.auth_type as Kind,
            }
          : { name: "", description: "", auth_type: "INTERNAL", grants: [] }
      }
      onSubmit={save}
      action={t(workspace ? "common.save" : "workspaces.make")}
      width={560}
    >
      <Form.Item
        name="name"
        label={t("common.name")}
        extra={t("workspaces.nameRules")}
        rules={[{ required: true, pattern: NAME, message: t("workspaces.nameWrong") }]}
      >
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="auth_type" label={t("workspaces.kind")}>
        <Radio.Group className={styles.kinds as string}>
          {KINDS.map((kind) => (
            <Radio key={kind} value={kind}>
              {t(`workspaces.kinds.${kind}`)}
              <small>{t(`workspaces.kindHints.${kind}`)}</small>
            </Radio>
          ))}
        </Radio.Group>
      </Form.Item>
      <Form.Item
        noStyle
        shouldUpdate={(before: Fields, after: Fields) => before.auth_type !== after.auth_type}
      >
        {({ getFieldValue }) => {
          const isInternal = getFieldValue("auth_type") === "INTERNAL";
          if (workspace)
            return workspace.auth_type === "INTERNAL" && !isInternal ? (
              <p className="warn" role="status" style={{ marginBottom: 16 }}>
                {t("workspaces.losesMembers")}
              </p>
            ) : null;
          return isInternal ? (
            <Form.Item label={t("workspaces.members")}>
              <MemberRows />
            </Form.Item>
          ) : null;
        }}
      </Form.Item>
      <Form.Item name="description" label={t("common.description")}>
        <Input.TextArea maxLength={DESCRIPTION_MAX} autoSize={{ minRows: 1, maxRows: 4 }} />
      </Form.Item>
    </FormDialog>
  );
}
