import { App } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useProblemText } from "./Problem.tsx";

interface Question {
  /** What will be done, to what: "Stop 3 jobs?" */
  title: string;
  /** What is touched and what is kept. */
  content: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  /** Does it; the dialogue stays open and busy meanwhile, and shows an error. */
  run: () => Promise<unknown>;
}

/** Asks once before something is done that cannot be undone. */
export function useConfirm(): (question: Question) => void {
  const { modal } = App.useApp();
  const { t } = useTranslation();
  return ({ title, content, action, danger = true, run }) => {
    const dialogue = modal.confirm({
      title,
      content,
      okText: action,
      cancelText: t("common.cancel"),
      okButtonProps: { danger },
      focusable: { autoFocusButton: "cancel" },
      onOk: async () => {
        try {
          await run();
        } catch (error) {
          dialogue.update({ content: <Failure error={error} before={content} /> });
          throw error; // so that it stays open
        }
      },
    });
    // antd throws that error once more, at nobody, unless the dialogue is waited for.
    void dialogue.then(
      () => undefined,
      () => undefined,
    );
  };
}

function Failure({ error, before }: { error: unknown; before: ReactNode }) {
  const said = useProblemText(error);
  return (
    <>
      <div>{before}</div>
      <p role="alert" className="wrong">
        {said.message} {said.remedy} <span className="mono">{said.code}</span>
      </p>
    </>
  );
}
