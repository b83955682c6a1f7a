import { useQuery } from "@tanstack/react-query";
import { Collapse } from "antd";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../../shared/CodeBlock.tsx";
import { dateTime } from "../../shared/format.ts";
import { Section } from "../../shared/Page.tsx";
import { stacksQuery } from "../queries.ts";

/** What the processes were doing when the platform thought that they hang. Nothing when it never did. */
export function Stacks({ id }: { id: string }) {
  const { t } = useTranslation();
  const stacks = useQuery(stacksQuery(id)).data?.stacks ?? [];
  if (stacks.length === 0) return null;
  return (
    <Section title={t("job.stacks")}>
      <p className="quiet">{t("job.stacksHint")}</p>
      <Collapse
        items={stacks.map((stack) => ({
          key: `${stack.task}-${stack.attempt}-${stack.number}`,
          label: `${stack.task} · ${t("job.attempt", { number: stack.attempt })} · ${dateTime(stack.time)}`,
          children: <CodeBlock label={t("job.stacks")} text={stack.text} />,
        }))}
      />
    </Section>
  );
}
