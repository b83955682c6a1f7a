import { useQuery } from "@tanstack/react-query";
import { Select, Switch } from "antd";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { role } from "../form/model.ts";
import { poolsQuery } from "../queries.ts";
import { FlavorCards } from "./FlavorCards.tsx";
import { Roles } from "./Roles.tsx";
import { Schedule } from "./Schedule.tsx";

/** On what the job runs, and when. */
export function ResourcesSection() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const pools = useQuery(poolsQuery());
  const id = useId();
  const choices = (pools.data ?? []).map((pool) => ({
    value: pool.isPublic ? "" : pool.id,
    label: pool.isPublic ? t("create.resources.publicPool") : pool.name,
  }));
  const isKnown = choices.some((one) => one.value === form.pool);
  return (
    <>
      {choices.length > 1 || !isKnown ? (
        <Field path="spec.resource.pool_id" label={t("create.resources.pool")}>
          {(control) => (
            <Select<string>
              {...control}
              value={form.pool}
              loading={pools.isPending}
              options={
                isKnown || pools.isPending ? choices : [...choices, { value: form.pool, label: form.pool }]
              }
              onChange={(pool) => set({ pool })}
            />
          )}
        </Field>
      ) : null}
      <FlavorCards />
      <div className={styles.inline}>
        <Switch
          id={id}
          size="small"
          checked={form.hasRoles}
          onChange={(hasRoles) =>
            set({
              hasRoles,
              roles: hasRoles && form.roles.length === 0 ? [{ ...role("worker"), main: true }] : form.roles,
            })
          }
        />
        <label htmlFor={id}>{t("create.roles.on")}</label>
        <span className={styles.hint}>{t("create.roles.onHint")}</span>
      </div>
      {form.hasRoles ? <Roles /> : null}
      <Schedule />
    </>
  );
}
