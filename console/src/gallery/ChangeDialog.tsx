import { useQueryClient } from "@tanstack/react-query";
import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useNotice } from "../shared/notice.tsx";
import { type Item, refreshGallery } from "./queries.ts";
import { VisibilityField } from "./VisibilityField.tsx";

type ChangeValues = Pick<Item, "title" | "visibility"> & { description: string };

/** Title, description and visibility of what one's project has published. */
export function ChangeDialog({ item, onClose }: { item: Item; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { done } = useNotice();
  return (
    <FormDialog<ChangeValues>
      title={t("gallery.changeTitle", { title: item.title })}
      open
      onClose={onClose}
      initial={{ title: item.title, description: item.description ?? "", visibility: item.visibility }}
      onSubmit={async ({ title, description, visibility }) => {
        await api.PUT("/v2/{project_id}/gallery/algorithms/{item_id}", {
          params: { path: inProject({ item_id: item.id }) },
          body: { title: title.trim(), description, visibility },
        });
        done(t("gallery.changed"));
        await refreshGallery(queries);
      }}
    >
      <Form.Item
        name="title"
        label={t("gallery.itemTitle")}
        rules={[{ required: true, whitespace: true, message: t("gallery.titleMissing") }]}
      >
        <Input maxLength={64} showCount />
      </Form.Item>
      <VisibilityField />
      <Form.Item name="description" label={t("common.description")} style={{ marginBottom: 32 }}>
        <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={1024} showCount />
      </Form.Item>
    </FormDialog>
  );
}
