import { Modal } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import styles from "./Hotkeys.module.css";
import { SHOW_HELP } from "./TopBar.tsx";

const GO: Record<string, string> = {
  h: "/",
  j: "/jobs",
  e: "/experiments",
  a: "/algorithms",
  o: "/objects",
  d: "/datasets",
  m: "/models",
  p: "/pools",
};
const PATIENCE_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/**
 * Keys that work on every page: `g` and a letter goes somewhere, `c` creates, `/` searches, `?` tells all of this.
 *
 * Pages mark their search field with `data-hotkey="search"`, and the rows that `j` and `k` walk with
 * `data-hotkey="row"` (focusable; enter is theirs).
 */
export function Hotkeys() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const goes = useRef(0);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector(".ant-modal-wrap:not([style*='display: none'])") && event.key !== "?")
        return;
      const now = Date.now();
      const place = GO[event.key];
      if (now - goes.current < PATIENCE_MS && place) {
        goes.current = 0;
        void navigate(place);
      } else if (event.key === "g") goes.current = now;
      else if (event.key === "c") void navigate("/jobs/new");
      else if (event.key === "?") setHelp((shown) => !shown);
      else if (event.key === "/") {
        const field = document.querySelector<HTMLElement>(
          '[data-hotkey="search"] input, input[data-hotkey="search"]',
        );
        if (!field) return;
        event.preventDefault();
        field.focus();
      } else if (event.key === "j" || event.key === "k") walk(event.key === "j" ? 1 : -1);
    }
    const show = () => setHelp(true);
    window.addEventListener("keydown", onKey);
    window.addEventListener(SHOW_HELP, show);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener(SHOW_HELP, show);
    };
  }, [navigate]);
  const keys = [
    ...Object.keys(GO).map((key) => [`g ${key}`, `shell.keys.g${key}`] as const),
    ["c", "shell.keys.create"] as const,
    ["/", "shell.keys.search"] as const,
    ["j / k", "shell.keys.walk"] as const,
    ["Enter", "shell.keys.open"] as const,
    ["?", "shell.keys.help"] as const,
  ];
  return (
    <Modal
      title={t("shell.keys.title")}
      open={help}
      onCancel={() => setHelp(false)}
      footer={null}
      width={420}
    >
      <dl className={styles.keys}>
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

function walk(step: number) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-hotkey="row"]')];
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
}
