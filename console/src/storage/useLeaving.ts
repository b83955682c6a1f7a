import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useConfirm } from "../shared/confirm.tsx";

/** While `isDirty`, asks before the page is left by a link or closed; `hint` says what becomes of the changes. */
export function useLeaving(isDirty: boolean, hint = "storage.editor.leaveHint"): void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const confirm = useConfirm();
  useEffect(() => {
    if (!isDirty) return;
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    function onClick(event: MouseEvent) {
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      const isPlain =
        event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      if (!(link instanceof HTMLAnchorElement) || !isPlain || link.target || link.hasAttribute("download"))
        return;
      const url = new URL(link.href);
      if (url.origin !== window.location.origin || url.pathname === window.location.pathname) return;
      event.preventDefault();
      event.stopPropagation();
      confirm({
        title: t("storage.editor.leave"),
        content: t(hint),
        action: t("storage.editor.leaveDo"),
        danger: false,
        run: async () => void navigate(url.pathname.replace(/^\/console/, "") + url.search),
      });
    }
    window.addEventListener("beforeunload", onUnload);
    document.addEventListener("click", onClick, { capture: true });
    return () => {
      window.removeEventListener("beforeunload", onUnload);
      document.removeEventListener("click", onClick, { capture: true });
    };
  }, [isDirty, hint, navigate, confirm, t]);
}
