import { useQueryClient } from "@tanstack/react-query";
import { speakFor } from "../api/client.ts";
import { speak } from "../locales/index.ts";
import { useLanguage } from "../shared/language.ts";
import { keep, type Language } from "../shared/preferences.ts";

/** The language, and how to change it: the words of the page at once, those of the server by asking again. */
export function useChangeLanguage(): [Language, (language: Language) => void] {
  const queries = useQueryClient();
  const language = useLanguage();
  return [
    language,
    (next) => {
      keep("language", next);
      speakFor({ language: next });
      // Streams and downloads cannot carry a header of ours; the server reads this cookie instead.
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
      document.cookie = `trainwright_language=${next === "zh" ? "zh-cn" : "en-us"}; Path=/; SameSite=Strict; Max-Age=31536000`;
      void speak(next).then(() => queries.invalidateQueries());
    },
  ];
}
