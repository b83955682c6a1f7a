import { SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover } from "antd";
import { useTranslation } from "react-i18next";
import type { Choosable, useColumns } from "./columns.ts";
import styles from "./DataList.module.css";

type Columns<C extends Choosable> = ReturnType<typeof useColumns<C>>;

/** Which columns a list shows, and in which order. */
export function ColumnChooser<C extends Choosable & { title: string }>({ columns }: { columns: Columns<C> }) {
  const { t } = useTranslation();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className={styles.chooser}>
          {columns.choice.map(({ column, isShown }, index) => (
            <div key={column.key} className={styles.choice}>
              <Checkbox
                checked={isShown}
                disabled={column.fixed ?? false}
                onChange={(event) => columns.choose(column.key, event.target.checked)}
              >
                {column.title}
              </Checkbox>
              {column.fixed ? null : (
                <Button
                  size="small"
                  type="text"
                  disabled={index === 0 || columns.choice[index - 1]?.column.fixed === true}
                  aria-label={t("common.columnUp", { name: column.title })}
                  onClick={() => columns.move(column.key)}
                >
                  ↑
                </Button>
              )}
            </div>
          ))}
          <Button size="small" type="link" onClick={columns.reset}>
            {t("common.columnsReset")}
          </Button>
        </div>
      }
    >
      <Button icon={<SettingOutlined />} aria-label={t("common.columns")} />
    </Popover>
  );
}
