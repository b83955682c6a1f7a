import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Wrong } from "../Field.tsx";
import { LIMITS } from "../form/limits.ts";
import { type Role, role, rowKey } from "../form/model.ts";
import { changed, without } from "../rowEdit.ts";
import { RoleCard } from "./RoleCard.tsx";

/** The roles of a distributed job: added, copied, removed. */
export function Roles() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const put = (roles: readonly Role[]) => set({ roles });
  const copyAfter = (index: number, of: Role) => {
    const copy = { ...of, key: rowKey(), main: false, name: freeName(of.name, form.roles) };
    put([...form.roles.slice(0, index + 1), copy, ...form.roles.slice(index + 1)]);
  };
  return (
    <div className={styles.sub}>
      {form.roles.map((one, index) => (
        <RoleCard
          key={one.key}
          role={one}
          path={`tasks[${index}]`}
          onChange={(change) => put(changed(form.roles, one.key, change))}
          onCopy={() => copyAfter(index, one)}
          onRemove={() => put(without(form.roles, one.key))}
        />
      ))}
      {form.roles.length === 0 ? <Wrong paths={["tasks"]} /> : null}
      <div>
        <Button
          icon={<PlusOutlined />}
          disabled={form.roles.length >= LIMITS.roles}
          onClick={() => put([...form.roles, role(freeName("worker", form.roles))])}
        >
          {t("create.roles.add")}
        </Button>
      </div>
    </div>
  );
}

/** `name`, or with the first number behind it that is free. Pure. */
export function freeName(name: string, roles: readonly { name: string }[]): string {
  const taken = new Set(roles.map((one) => one.name.toLowerCase()));
  const base = name.replace(/-?\d+$/, "") || "worker";
  if (!taken.has(name.toLowerCase()) && name) return name;
  for (let number = 2; ; number += 1)
    if (!taken.has(`${base}-${number}`.toLowerCase())) return `${base}-${number}`;
}
