import { Form, type FormInstance, Modal } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/errors.ts";
import { Problem } from "./Problem.tsx";

interface FormDialogProps<T extends object> {
  title: ReactNode;
  open: boolean;
  onClose: () => void;
  /** What the fields hold when the dialogue opens. */
  initial: Partial<T>;
  /** Does it; an error stays in the dialogue, beside its field when the server names one. */
  onSubmit: (values: T) => Promise<unknown>;
  action?: string;
  width?: number;
  children: ReactNode | ((form: FormInstance<T>) => ReactNode);
}

/** A dialogue with a form: begins anew each time it opens, is busy while it works, keeps what was typed on failure. */
export function FormDialog<T extends object>(props: FormDialogProps<T>) {
  const { open } = props;
  const [isThere, setThere] = useState(open);
  const [last, setLast] = useState({ open, number: 0 });
  // One that opens while the one before still fades is another: of another row, perhaps.
  if (open !== last.open) setLast({ open, number: last.number + Number(open) });
  useEffect(() => {
    if (open) setThere(true);
  }, [open]);
  // A closed dialogue is not there at all: the fields of two on one page would have the same ids and labels.
  return open || isThere ? <Dialog key={last.number} {...props} onClosed={() => setThere(false)} /> : null;
}

/** One opening, from the first field's focus until it has faded. */
function Dialog<T extends object>({
  title,
  open,
  onClose,
  onClosed,
  initial,
  onSubmit,
  action,
  width = 480,
  children,
}: FormDialogProps<T> & { onClosed: () => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<T>();
  const fields = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  // Whoever cancels what is under way may have opened the dialogue anew when it ends.
  const isOpen = useRef(open);
  useEffect(() => {
    isOpen.current = open;
    return () => {
      isOpen.current = false;
    };
  }, [open]);

  async function submit(values: T) {
    setBusy(true);
    setError(null);
    try {
      await onSubmit(values);
      if (isOpen.current) onClose();
    } catch (failure) {
      if (!showsAtField(form, failure)) setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal
      title={title}
      open={open}
      width={width}
      onCancel={onClose}
      onOk={() => form.submit()}
      okText={action ?? t("common.save")}
      cancelText={t("common.cancel")}
      confirmLoading={isBusy}
      afterOpenChange={(isShown) => (isShown ? firstField(fields.current)?.focus() : onClosed())}
    >
      <div ref={fields}>
        <Form<T>
          form={form}
          layout="vertical"
          initialValues={initial}
          onFinish={(values) => void submit(values)}
          disabled={isBusy}
          scrollToFirstError
        >
          {typeof children === "function" ? children(form) : children}
        </Form>
      </div>
      {error ? <Problem error={error} /> : null}
    </Modal>
  );
}

const FIELDS = "input:enabled:not([type=radio]), input[type=radio]:checked, textarea:enabled";

/** Where one begins to type: the first field that is shown. */
function firstField(fields: HTMLElement | null): HTMLElement | undefined {
  return [...(fields?.querySelectorAll<HTMLElement>(FIELDS) ?? [])].find((one) => one.checkVisibility());
}

/** Put the server's words beside the field it names; false when there is no such field. */
function showsAtField<T extends object>(form: FormInstance<T>, failure: unknown): boolean {
  if (!(failure instanceof ApiError) || failure.field === "") return false;
  const named = failure.field.split(".").at(-1) as string;
  // `dataset_name` is what the form of datasets calls its `name`.
  const fields = Object.keys(form.getFieldsValue(true) as object);
  const name = fields.find((one) => one === named) ?? fields.find((one) => named.endsWith(`_${one}`));
  if (name === undefined) return false;
  const errors = [[failure.message, failure.remedy].filter(Boolean).join(" ")];
  form.setFields([{ name, errors } as Parameters<typeof form.setFields>[0][number]]);
  return true;
}
