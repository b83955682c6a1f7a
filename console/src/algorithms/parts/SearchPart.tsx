import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { Field, Sub, Wrong } from "../../create/Field.tsx";
import { changed, without } from "../../create/rowEdit.ts";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import { reward, type Search, searched } from "../form/model.ts";
import { RewardRow, SearchedRow } from "./SearchRows.tsx";
import { Strategies } from "./Strategies.tsx";

const AT = "advanced_config.auto_search";

/** The hyperparameter search that the algorithm is made for. */
export function SearchPart() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  const { search } = form;
  const put = (change: Partial<Search>) => set((before) => ({ search: { ...before.search, ...change } }));
  function toggle(on: boolean) {
    const isFirst = on && search.rewards.length === 0 && search.parameters.length === 0;
    put({ on, ...(isFirst ? { rewards: [reward()], parameters: [searched(likely(form.parameters))] } : {}) });
  }
  return (
    <Section
      title={t("algorithms.search")}
      extra={<Switch aria-label={t("algorithms.search")} checked={search.on} onChange={toggle} />}
    >
      <p className={styles.hint}>{t("algorithms.searchHint")}</p>
      {search.on ? (
        <>
          <Sub
            title={t("algorithms.rewards")}
            tools={<Add onClick={() => put({ rewards: [...search.rewards, reward()] })} />}
          >
            <ul className={styles.rows} hidden={search.rewards.length === 0}>
              {search.rewards.map((row, index) => (
                <RewardRow
                  key={row.key}
                  row={row}
                  path={`${AT}.reward_attrs[${index}]`}
                  onChange={(change) => put({ rewards: changed(search.rewards, row.key, change) })}
                  onRemove={() => put({ rewards: without(search.rewards, row.key) })}
                />
              ))}
            </ul>
            {search.rewards.length === 0 ? <Wrong paths={[`${AT}.reward_attrs`]} /> : null}
          </Sub>
          <Sub
            title={t("algorithms.searched")}
            tools={<Add onClick={() => put({ parameters: [...search.parameters, searched()] })} />}
          >
            <ul className={styles.rows} hidden={search.parameters.length === 0}>
              {search.parameters.map((row, index) => (
                <SearchedRow
                  key={row.key}
                  row={row}
                  path={`${AT}.search_params[${index}]`}
                  names={form.parameters.map((one) => one.name).filter(Boolean)}
                  onChange={(change) => put({ parameters: changed(search.parameters, row.key, change) })}
                  onRemove={() => put({ parameters: without(search.parameters, row.key) })}
                />
              ))}
            </ul>
            {search.parameters.length === 0 ? <Wrong paths={[`${AT}.search_params`]} /> : null}
          </Sub>
          <Strategies
            chosen={search.strategies}
            path={`${AT}.algo_configs`}
            onChange={(strategies) => put({ strategies })}
          />
          <Field
            path={`${AT}.skip_search_params`}
            label={t("algorithms.skip")}
            hint={t("algorithms.skipHint")}
            optional
          >
            {(control) => (
              <Input.TextArea
                {...control}
                className="mono"
                autoSize={{ minRows: 1, maxRows: 6 }}
                spellCheck={false}
                value={search.skip}
                onChange={(event) => put({ skip: event.target.value })}
              />
            )}
          </Field>
        </>
      ) : null}
    </Section>
  );
}

function Add({ onClick }: { onClick: () => void }) {
  const { t } = useTranslation();
  return (
    <Button size="small" type="text" icon={<PlusOutlined />} onClick={onClick}>
      {t("algorithms.add")}
    </Button>
  );
}

/** The hyperparameter that most searches are about: the first that is no whole number, such as a learning rate. */
function likely(parameters: readonly { name: string; type: string }[]): string {
  return (parameters.find((one) => one.type === "Float") ?? parameters[0])?.name ?? "";
}
