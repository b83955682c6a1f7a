import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client.ts";
import { dateTime, duration } from "../../shared/format.ts";
import { useLanguage } from "../../shared/language.ts";
import styles from "../job.module.css";

type Event = Schemas["EventsResponse"]["events"][number];

/** Pauses shorter than this are not worth telling. */
const PAUSE_MS = 2000;

/** Events with their times; a line where another attempt begins, and how long it took until the next. */
export function EventLines({ events, isAscending }: { events: readonly Event[]; isAscending: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <ol className={styles.events}>
      {events.map((event, index) => {
        const before = events[index - 1];
        const attempt = event.attempt ?? 0;
        const isNext =
          attempt > 0 &&
          before !== undefined &&
          attempt !== (before.attempt ?? 0) &&
          (before.attempt ?? 0) > 0;
        const at = Date.parse(event.time);
        const pause = before && isAscending ? at - Date.parse(before.time) : 0;
        return (
          <Fragment key={event.seq}>
            {isNext ? <li className={styles.attempt}>{t("job.attempt", { number: attempt })}</li> : null}
            <li className={styles.event} data-level={event.level}>
              <time className="mono quiet" dateTime={event.time}>
                {dateTime(at)}
              </time>
              <span className="quiet">{event.task || t("job.wholeJob")}</span>
              <p>
                {event.level === "Info" ? null : (
                  <span className="hidden">{t(`job.levels.${event.level}`)}: </span>
                )}
                {event.message}
                {pause >= PAUSE_MS ? (
                  <span className={styles.gap}> +{duration(pause / 1000, language)}</span>
                ) : null}
              </p>
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}
