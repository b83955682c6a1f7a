import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { api, data, inProject } from "../api/client.ts";
import { flavorsQuery, jobKeys } from "../jobs/queries.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { workspacesQuery } from "../shared/workspace.ts";
import { changeBody, NEW_POOL, newBody, type PoolValues, valuesOf } from "./bodies.ts";
import styles from "./pools.module.css";
import { poolKeys } from "./queries.ts";
import { EVERY_WORKSPACE, type Pool, poolId } from "./types.ts";

const NAME_MAX = 64;
const COUNT_MAX = 100_000;

interface PoolDialogProps {
  /** Null makes a new one. */
  pool: Pool | null;
  open: boolean;
  onClose: () => void;
  onMade?: (pool: Pool) => void;
}

/** Makes a dedicated pool out of what the public one has, or changes one. */
export function PoolDialog({ pool, open, onClose, onMade }: PoolDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const flavors = useQuery({ ...flavorsQuery(), enabled: open }).data?.flavors ?? [];
  const workspaces = useQuery({ ...workspacesQuery(), enabled: open }).data?.workspaces ?? [];
  const options = flavors.map((flavor) => ({ value: flavor.flavor_id, label: flavor.flavor_name }));

  async function save(values: PoolValues) {
    const saved = (await data(
      pool
        ? api.PATCH("/v2/{project_id}/pools/{pool_name}", {
            params: { path: inProject({ pool_name: poolId(pool) }) },
            body: changeBody(valuesOf(pool), values),
          })
        : api.POST("/v2/{project_id}/pools", { params: { path: inProject() }, body: newBody(values) }),
    )) as Pool;
    await Promise.all([
      queries.invalidateQueries({ queryKey: poolKeys.all() }),
      queries.invalidateQueries({ queryKey: jobKeys.all() }),
    ]);
    if (!pool) onMade?.(saved);
  }

  return (
    <FormDialog<PoolValues>
      title={t(pool ? "pools.change" : "pools.create")}
      open={open}
      onClose={onClose}
      initial={pool ? valuesOf(pool) : NEW_POOL}
      onSubmit={save}
      action={t(pool ? "common.save" : "pools.make")}
      width={560}
    >
      <p className="quiet" style={{ marginBottom: 12 }}>
        {t(pool ? "pools.changeHint" : "pools.createHint")}
      </p>
      <Form.Item
        name="name"
        label={t("common.name")}
        rules={[{ required: true, whitespace: true, message: t("pools.nameNeeded") }]}
      >
        <Input maxLength={NAME_MAX} />
      </Form.Item>
      <Resources options={options} />
      <Form.Item name="jobFlavors" label={t("pools.admits")} extra={t("pools.admitsHint")}>
        <Select
          mode="multiple"
          allowClear={{ label: t("common.clear") }}
          options={options}
          placeholder={t("pools.admitsAll")}
        />
      </Form.Item>
      <Form.Item
        name="workspace"
        label={t("pools.workspace")}
        extra={t(pool ? "pools.workspaceFixed" : "pools.workspaceHint")}
      >
        <Select
          disabled={pool !== null}
          options={workspaces.map((one) => ({
            value: one.id,
            label: one.id === EVERY_WORKSPACE ? t("pools.everyWorkspace") : one.name,
          }))}
        />
      </Form.Item>
      <Form.Item
        name="preemption"
        label={t("pools.preemption")}
        extra={t("pools.preemptionHint")}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
      <Form.Item name="description" label={t("common.description")}>
        <Input.TextArea maxLength={1024} autoSize={{ minRows: 1, maxRows: 4 }} />
      </Form.Item>
    </FormDialog>
  );
}

/** So many nodes of each flavor. */
function Resources({ options }: { options: { value: string; label: string }[] }) {
  const { t } = useTranslation();
  return (
    <Form.List name="resources">
      {(fields, { add, remove }) => (
        <Form.Item label={t("pools.size")} required>
          <div className={styles.rows}>
            {fields.map((field) => (
              <div key={field.key} className={styles.row}>
                <Form.Item
                  name={[field.name, "flavor"]}
                  rules={[{ required: true, message: t("pools.flavorNeeded") }]}
                >
                  <Select aria-label={t("pools.flavor")} options={options} placeholder={t("pools.flavor")} />
                </Form.Item>
                <Form.Item
                  name={[field.name, "count"]}
                  rules={[{ required: true, message: t("pools.countNeeded") }]}
                >
                  <InputNumber
                    aria-label={t("pools.count")}
                    min={1}
                    max={COUNT_MAX}
                    precision={0}
                    suffix={t("pools.nodesUnit")}
                    style={{ width: 130 }}
                  />
                </Form.Item>
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t("pools.removeFlavor")}
                  disabled={fields.length === 1}
                  onClick={() => remove(field.name)}
                />
              </div>
            ))}
            <div>
              <Button size="small" icon={<PlusOutlined />} onClick={() => add({ flavor: null, count: 1 })}>
                {t("pools.addFlavor")}
              </Button>
            </div>
          </div>
        </Form.Item>
      )}
    </Form.List>
  );
}
