import { useTranslation } from "react-i18next";
import { copyText } from "../shared/clipboard.ts";
import { useNotice } from "../shared/notice.tsx";
import { obsUri } from "../shared/obsPath.ts";

/** Copies `obs://bucket/key`. */
export function useCopyPath(): (bucket: string, key: string) => void {
  const { t } = useTranslation();
  const { done, failed } = useNotice();
  return (bucket, key) => {
    copyText(obsUri(bucket, key)).then(() => done(t("storage.pathCopied")), failed);
  };
}
