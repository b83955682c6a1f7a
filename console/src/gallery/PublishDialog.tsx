import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Form, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Algorithm } from "../algorithms/queries.ts";
import { api, data, inProject } from "../api/client.ts";
import { algorithmsQuery } from "../create/queries.ts";
import { FormDialog } from "../shared/FormDialog.tsx";
import { useNotice } from "../shared/notice.tsx";
import { type Item, nextNumber, ownItemsQuery, refreshGallery } from "./queries.ts";
import { VisibilityField } from "./VisibilityField.tsx";

interface PublishValues {
  as: "new" | "next";
  content_id?: string;
  id: string;
  title?: string;
  visibility?: Item["visibility"];
  version_num?: string;
  desc?: string;
}

const NUMBER = /^(\d{1,6}\.)*\d{1,6}$/;

/**
 * Publishes an algorithm: as a new item, or as the next version of one.
 *
 * Without `algorithm` it is to be chosen; `item` is the one that the version is of.
 */
export function PublishDialog({
  algorithm,
  item,
  onClose,
}: {
  algorithm: Algorithm | null;
  item: Item | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [text, setText] = useState("");
  const own = useQuery({ ...ownItemsQuery(text), enabled: item === null });
  async function publish(values: PublishValues) {
    const isNew = item === null && values.as === "new";
    const version_num = values.version_num?.trim();
    const content_info = {
      ...(version_num ? { version_num } : {}),
      ...(values.desc ? { desc: values.desc } : {}),
      ...(isNew ? { title: values.title?.trim() ?? null, visibility: values.visibility ?? null } : {}),
    };
    const published = await data(
      api.POST("/v2/{project_id}/gallery-algorithm-publication", {
        params: { path: inProject() },
        body: {
          algorithm: { id: values.id },
          content_info,
          ...(isNew ? {} : { content_id: item?.id ?? values.content_id ?? null }),
        },
      }),
    );
    done(t("gallery.published", { version: published.version_num }));
    await refreshGallery(queries);
    await navigate(`/gallery/${published.content_id}`);
  }
  return (
    <FormDialog<PublishValues>
      title={t(item ? "gallery.publishNext" : "gallery.publish")}
      open
      onClose={onClose}
      action={t("gallery.doPublish")}
      width={560}
      initial={{
        as: "new",
        id: algorithm?.metadata.id ?? "",
        title: algorithm?.metadata.name ?? "",
        visibility: "public",
        version_num: "",
        desc: algorithm && !item ? (algorithm.metadata.description ?? "") : "",
      }}
      onSubmit={publish}
    >
      {(form) => (
        <>
          <Form.Item name="as" hidden={item !== null} label={t("gallery.as")}>
            <Segmented
              block
              options={(["new", "next"] as const).map((value) => ({
                value,
                label: t(`gallery.ases.${value}`),
              }))}
              onChange={(as) =>
                form.setFieldValue("desc", as === "new" ? (algorithm?.metadata.description ?? "") : "")
              }
            />
          </Form.Item>
          <ChooseAlgorithm algorithm={algorithm} />
          <Form.Item noStyle shouldUpdate>
            {() => {
              const isNext = item !== null || form.getFieldValue("as") === "next";
              const target = item ?? own.data?.find((one) => one.id === form.getFieldValue("content_id"));
              const numbers = (isNext ? (target?.versions ?? []) : []).map((one) => one.version_num);
              return (
                <>
                  {isNext ? (
                    <Form.Item
                      name="content_id"
                      hidden={item !== null}
                      label={t("gallery.nextOf")}
                      rules={[{ required: item === null, message: t("gallery.choose") }]}
                    >
                      <Select
                        showSearch={{ filterOption: false, onSearch: setText }}
                        placeholder={t("gallery.choose")}
                        notFoundContent={t("gallery.noneOwn")}
                        options={(own.data ?? []).map((one) => ({
                          value: one.id,
                          label: `${one.title} · ${one.latest_version}`,
                        }))}
                      />
                    </Form.Item>
                  ) : (
                    <>
                      <Form.Item
                        name="title"
                        label={t("gallery.itemTitle")}
                        rules={[{ required: true, whitespace: true, message: t("gallery.titleMissing") }]}
                      >
                        <Input maxLength={64} showCount />
                      </Form.Item>
                      <VisibilityField />
                    </>
                  )}
                  <Form.Item
                    name="version_num"
                    label={t("gallery.version")}
                    extra={t("gallery.versionHint")}
                    rules={[{ pattern: NUMBER, message: t("gallery.versionForm") }]}
                  >
                    <Input placeholder={isNext && !target ? "" : nextNumber(numbers)} maxLength={32} />
                  </Form.Item>
                  <Form.Item
                    name="desc"
                    label={t(isNext ? "gallery.whatIsNew" : "common.description")}
                    style={{ marginBottom: 32 }}
                  >
                    <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={1024} showCount />
                  </Form.Item>
                </>
              );
            }}
          </Form.Item>
          <p className="quiet">{t("gallery.publishHint")}</p>
        </>
      )}
    </FormDialog>
  );
}

/** Which algorithm; not asked when that is clear. */
function ChooseAlgorithm({ algorithm }: { algorithm: Algorithm | null }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const found = useQuery({ ...algorithmsQuery(text, ""), enabled: algorithm === null });
  return (
    <Form.Item
      name="id"
      label={t("gallery.algorithm")}
      hidden={algorithm !== null}
      rules={[{ required: true, message: t("gallery.choose") }]}
      getValueProps={(value) => ({ value: value || undefined })}
    >
      <Select
        showSearch={{ filterOption: false, onSearch: setText }}
        placeholder={t("gallery.choose")}
        options={(found.data ?? []).map(({ metadata }) => ({ value: metadata.id, label: metadata.name }))}
      />
    </Form.Item>
  );
}
