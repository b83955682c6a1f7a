import { useTranslation } from "react-i18next";
import { Nothing } from "../../shared/Nothing.tsx";
import { ObjectPath } from "../../shared/ObjectPath.tsx";
import { Section } from "../../shared/Page.tsx";
import { Phase } from "../../shared/Phase.tsx";
import type { TabProps } from "../JobPage.tsx";
import { Checkpoints } from "./Checkpoints.tsx";
import { OutputFiles } from "./OutputFiles.tsx";

/** What the job wrote: its checkpoints, and each output with its files. */
export function OutputsTab({ job }: TabProps) {
  const { t } = useTranslation();
  const outputs = (job.algorithm.outputs ?? []).flatMap((output) => {
    const path = output.remote?.obs?.obs_url;
    return path ? [{ name: output.name, path }] : [];
  });
  if (outputs.length === 0) return <Nothing title={t("job.output.none")} hint={t("job.output.noneHint")} />;
  const isOver = job.status?.phase !== "Running";
  return (
    <>
      <Checkpoints id={job.metadata.id} />
      {outputs.map((output) => (
        <Section key={output.name} title={output.name} extra={<ObjectPath path={output.path} />}>
          {isOver ? null : (
            <p className="quiet">
              <Phase phase="Running" /> {t("job.output.growing")}
            </p>
          )}
          <OutputFiles name={output.name} path={output.path} />
        </Section>
      ))}
    </>
  );
}
