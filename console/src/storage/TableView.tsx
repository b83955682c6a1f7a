import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../shared/format.ts";
import { tableOf } from "./content.ts";
import styles from "./TableView.module.css";

const ROWS_MAX = 500;
const COLUMNS_MAX = 100;

const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));

/** The first rows of a separated text, the first of them as headings. */
export function TableView({ text, separator, isCut }: { text: string; separator: string; isCut: boolean }) {
  const { t } = useTranslation();
  const { head, body, isMore } = useMemo(() => {
    const rows = tableOf(text, separator, ROWS_MAX + 2);
    if (isCut && rows.length < ROWS_MAX + 2) rows.pop(); // half a row
    const [first = [], ...rest] = rows;
    return {
      head: first.slice(0, COLUMNS_MAX),
      body: rest.slice(0, ROWS_MAX),
      isMore: rest.length > ROWS_MAX,
    };
  }, [text, separator, isCut]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={styles.box} tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th>
                <span className="hidden">#</span>
              </th>
              {head.map((name, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns of a file that does not change
                <th key={column} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file that does not change
              <tr key={index}>
                <td className={styles.line}>{index + 1}</td>
                {head.map((_, column) => (
                  <td
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    key={column}
                    className={isNumber(row[column] ?? "") ? "number" : undefined}
                  >
                    {row[column]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isMore ? <div className="quiet">{t("storage.firstRows", { n: count(ROWS_MAX) })}</div> : null}
    </>
  );
}
