import { Form, Input, type InputRef, Modal } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useProblemText } from "../shared/Problem.tsx";

interface NameDialogProps {
  open: boolean;
  title: string;
  label: string;
  /** Rules of the name, below the field. */
  hint?: string;
  /** The verb on the button. */
  action: string;
  initial?: string;
  isValid: (name: string) => boolean;
  /** Said when `isValid` says no. */
  invalid: string;
  /** Does it; the dialogue stays open and shows the error when it fails. */
  run: (name: string) => Promise<unknown>;
  onClose: () => void;
  /** Below the field. */
  children?: ReactNode;
}

/** Asks for one name, and does something with it. */
export function NameDialog(props: NameDialogProps) {
  const { open, initial = "", isValid, run, onClose } = props;
  const { t } = useTranslation();
  const [name, setName] = useState(initial);
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useRef<InputRef>(null);
  const said = useProblemText(error);
  // Whoever cancels what is under way may have opened the dialogue anew when it ends.
  const opening = useRef(0);
  useEffect(() => {
    opening.current += 1;
    if (!open) return;
    setBusy(false);
    setName(initial);
    setTried(false);
    setError(null);
  }, [open, initial]);
  async function submit() {
    setTried(true);
    if (!isValid(name)) {
      field.current?.focus();
      return;
    }
    const mine = opening.current;
    setBusy(true);
    setError(null);
    try {
      await run(name);
      if (mine === opening.current) onClose();
    } catch (failure) {
      if (mine === opening.current) setError(failure);
    } finally {
      if (mine === opening.current) setBusy(false);
    }
  }
  const wrong = error ? `${said.message} ${said.remedy}` : isTried && !isValid(name) ? props.invalid : "";
  return (
    <Modal
      title={props.title}
      open={open}
      onCancel={onClose}
      onOk={() => void submit()}
      okText={props.action}
      cancelText={t("common.cancel")}
      confirmLoading={isBusy}
      width={440}
      destroyOnHidden
      afterOpenChange={(isOpen) => isOpen && field.current?.select()}
    >
      <Form layout="vertical" requiredMark={false} onFinish={() => void submit()}>
        <Form.Item
          label={props.label}
          htmlFor="name-dialog"
          help={wrong || props.hint}
          validateStatus={wrong ? "error" : ""}
          style={{ marginBottom: 8 }}
        >
          <Input
            id="name-dialog"
            ref={field}
            value={name}
            autoComplete="off"
            onChange={(event) => {
              setName(event.target.value);
              setError(null);
            }}
          />
        </Form.Item>
      </Form>
      {props.children}
    </Modal>
  );
}
