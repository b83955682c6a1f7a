import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError, Unreachable } from "../api/errors.ts";

/** An error as a sentence, a remedy and a code; `onRetry` offers to try again. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const said = useProblemText(error);
  return (
    <Alert
      type="error"
      role="alert"
      showIcon
      title={said.message}
      description={
        said.remedy || said.code ? (
          <>
            {said.remedy ? <div>{said.remedy}</div> : null}
            {said.code ? <div className="mono quiet">{said.code}</div> : null}
          </>
        ) : undefined
      }
      action={
        onRetry ? (
          <Button size="small" onClick={onRetry}>
            {t("common.retry")}
          </Button>
        ) : undefined
      }
    />
  );
}

interface ProblemText {
  message: string;
  remedy: string;
  /** Code and request id, for whoever is asked for help. */
  code: string;
}

/** What to say of `error`. */
export function useProblemText(error: unknown): ProblemText {
  const { t } = useTranslation();
  if (error instanceof ApiError)
    return {
      message: error.message,
      remedy: error.remedy,
      code: [error.code, error.requestId].filter(Boolean).join(" · "),
    };
  if (error instanceof Unreachable)
    return { message: t("common.unreachable"), remedy: t("common.unreachableRemedy"), code: "" };
  return { message: error instanceof Error ? error.message : String(error), remedy: "", code: "" };
}
