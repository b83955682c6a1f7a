import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNotice } from "../../shared/notice.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { withTerms } from "../form/terms.ts";
import { subscriptionQuery, subscriptionsQuery, termsOfVersion } from "../queries.ts";
import { TermsFacts } from "./TermsFacts.tsx";

/** A subscribed algorithm and its version. */
export function SubscriptionFields() {
  const { t } = useTranslation();
  const { form, set, terms } = useForm();
  const queries = useQueryClient();
  const { failed } = useNotice();
  const all = useQuery(subscriptionsQuery());
  const chosen = useQuery(subscriptionQuery(form.subscription));
  async function choose(subscription: string, version = "") {
    set({ subscription, itemVersion: version });
    try {
      const found = await queries.fetchQuery(subscriptionQuery(subscription));
      const itemVersion = version || found.subscription.item_version_id;
      const terms = termsOfVersion(found.item, itemVersion);
      set((form) => {
        const next = { ...form, subscription, itemVersion };
        return terms ? withTerms(next, terms) : next;
      });
    } catch (error) {
      failed(error);
    }
  }
  return (
    <>
      <div className={styles.wide}>
        <Field
          path="algorithm.subscription_id"
          label={t("create.source.item")}
          hint={<Link to="/gallery">{t("create.source.gallery")}</Link>}
        >
          {(control) => (
            <Select<string>
              {...control}
              value={form.subscription || undefined}
              loading={all.isPending}
              placeholder={t("create.source.chooseSubscription")}
              showSearch={{ optionFilterProp: "label" }}
              notFoundContent={t("create.source.noSubscriptions")}
              options={(all.data ?? []).map((one) => ({ value: one.subscription_id, label: one.item.title }))}
              onChange={(id) => void choose(id)}
            />
          )}
        </Field>
        <Field path="algorithm.item_version_id" label={t("create.source.version")}>
          {(control) => (
            <Select<string>
              {...control}
              value={form.itemVersion || undefined}
              disabled={!form.subscription}
              options={(chosen.data?.item.versions ?? []).map((one) => ({
                value: one.id,
                label: one.version_num,
              }))}
              onChange={(version) => void choose(form.subscription, version)}
            />
          )}
        </Field>
      </div>
      {terms ? <TermsFacts terms={terms} /> : null}
    </>
  );
}
