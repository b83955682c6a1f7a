import { App } from "antd";
import { useCallback } from "react";
import { Problem } from "./Problem.tsx";

/** Short words at the window's edge: what has been done, and what went wrong. */
export function useNotice(): { done: (text: string) => void; failed: (error: unknown) => void } {
  const { message, notification } = App.useApp();
  const done = useCallback((text: string) => void message.success(text), [message]);
  const failed = useCallback(
    (error: unknown) =>
      void notification.open({
        title: null,
        description: <Problem error={error} />,
        duration: 8,
        placement: "bottomRight",
      }),
    [notification],
  );
  return { done, failed };
}
