import { useTranslation } from "react-i18next";
import type { Language } from "./preferences.ts";

/** The language that is shown now. */
export function useLanguage(): Language {
  return useTranslation().i18n.language === "zh" ? "zh" : "en";
}
