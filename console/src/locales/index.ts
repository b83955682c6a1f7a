import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../shared/preferences.ts";

/** The sentences of `language`; only the language that is read is loaded. */
async function sentences(language: Language): Promise<object> {
  return (await (language === "zh" ? import("./zh.ts") : import("./en.ts"))).default;
}

/** Show everything in `language` from now on. */
export async function speak(language: Language): Promise<i18n> {
  const words = await sentences(language);
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({
      lng: language,
      resources: { [language]: { translation: words } },
      interpolation: { escapeValue: false }, // React escapes
      returnNull: false,
      showSupportNotice: false,
    });
  } else {
    i18next.addResourceBundle(language, "translation", words, true, true);
    await i18next.changeLanguage(language);
  }
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  return i18next;
}
