import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client.ts";
import { useNow } from "../shared/clock.ts";
import { ago, dateTime } from "../shared/format.ts";
import { useLanguage } from "../shared/language.ts";

const SOON_MS = 60_000;

/** Words for where a waiting job stands and when it is expected to start; nothing for what is not known. */
export function useQueuePlace(pending: Schemas["PendingStatus"] | null | undefined) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow(10);
  const startsAt = pending?.starts_at ?? 0;
  return {
    place: pending?.position ? t("jobs.queue.place", { count: pending.position }) : "",
    start:
      startsAt === 0
        ? ""
        : startsAt - now < SOON_MS
          ? t("jobs.queue.soon")
          : t("jobs.queue.starts", { when: ago(startsAt, now, language) }),
    exact: startsAt ? t("jobs.queue.startsAt", { at: dateTime(startsAt) }) : "",
  };
}

/** `reason`, why a job waits, with when it is expected to start, in the reader's zone; `startsAt` 0: not known. */
export function useWaitText(reason: string, startsAt: number): string {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow(10);
  if (startsAt === 0) return reason;
  const start =
    startsAt - now < SOON_MS
      ? t("jobs.queue.soonSentence")
      : t("jobs.queue.sentence", { at: dateTime(startsAt), when: ago(startsAt, now, language) });
  return reason + (/[。！？]$/.test(reason) || !reason ? "" : " ") + start;
}
