import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "../../shared/clipboard.ts";
import { useNotice } from "../../shared/notice.tsx";
import { useUrlState } from "../../shared/url.ts";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { filledPairs, type JobForm } from "../form/model.ts";
import { isSecret } from "../form/paste.ts";
import { toBody } from "../form/toBody.ts";
import { toCli } from "../texts/cli.ts";
import type { Texts as TextsByName } from "../texts/draft.ts";
import { toSdk } from "../texts/sdk.ts";
import { toYaml } from "../texts/yaml.ts";
import { Code } from "./Code.tsx";

const KINDS = ["cli", "sdk", "yaml"] as const;
type Kind = (typeof KINDS)[number];

function textOf(kind: Kind, form: JobForm): string {
  const body = toBody(form);
  const tags: TextsByName = Object.fromEntries(filledPairs(form.tags).map((tag) => [tag.name, tag.value]));
  if (kind === "cli") return toCli(body, tags);
  return kind === "sdk" ? toSdk(body, tags) : toYaml(body);
}

/** The form with the values of secret variables hidden, to be looked at. */
function masked(form: JobForm): JobForm {
  const hide = <T extends { name: string; value: string }>(rows: readonly T[]) =>
    rows.map((row) => (isSecret(row.name) && row.value ? { ...row, value: "••••••" } : row));
  return {
    ...form,
    environments: hide(form.environments),
    roles: form.roles.map((role) => ({ ...role, environments: hide(role.environments) })),
  };
}

/** The same job as a command, a program and a file, to be copied. */
export function Texts() {
  const { t } = useTranslation();
  const { form } = useForm();
  const { failed } = useNotice();
  const [{ as }, setUrl] = useUrlState({ as: "cli" });
  const [isCopied, setCopied] = useState(false);
  const kind = KINDS.find((one) => one === as) ?? "cli";
  const shown = useMemo(() => textOf(kind, masked(form)), [kind, form]);
  async function copy() {
    try {
      await copyText(textOf(kind, form));
      setCopied(true);
      window.setTimeout(() => setCopied(false), 1500);
    } catch (error) {
      failed(error);
    }
  }
  return (
    <>
      <div className={styles.codeHead}>
        <Segmented<Kind>
          size="small"
          aria-label={t("create.side.texts")}
          value={kind}
          options={KINDS.map((one) => ({ value: one, label: one.toUpperCase() }))}
          onChange={(chosen) => setUrl({ as: chosen })}
        />
        <Button
          size="small"
          type="text"
          icon={isCopied ? <CheckOutlined /> : <CopyOutlined />}
          onClick={() => void copy()}
        >
          {t(isCopied ? "common.copied" : "common.copy")}
        </Button>
      </div>
      <Code label={t(`create.side.as_${kind}`)}>{shown}</Code>
    </>
  );
}
