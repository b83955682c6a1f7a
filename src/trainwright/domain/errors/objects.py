"""What is wrong with buckets, objects and uploads."""

from trainwright.domain.errors.families import CORRECT, Conflict, NotFound, TooLarge, Unavailable, UserError
from trainwright.domain.texts import Text


class BucketNotFound(NotFound):
    """No such bucket."""

    code = "Trainwright.0101"
    text = Text("Bucket {bucket} not found.", "桶 {bucket} 不存在。")
    remedy = Text(
        "Create it: trainwright obs mb obs://{bucket}", "请先创建：trainwright obs mb obs://{bucket}"
    )


class BucketExists(Conflict):
    """The bucket exists already."""

    code = "Trainwright.0102"
    text = Text("Bucket {bucket} exists already.", "桶 {bucket} 已存在。")
    remedy = Text("Use it, or choose another name.", "请直接使用，或更换名称。")


class BucketNotEmpty(Conflict):
    """Only empty buckets can be deleted."""

    code = "Trainwright.0103"
    text = Text("Bucket {bucket} is not empty.", "桶 {bucket} 不为空。")
    remedy = Text(
        "Delete its objects first: trainwright obs rm -r obs://{bucket}/",
        "请先删除桶内对象：trainwright obs rm -r obs://{bucket}/",
    )


class InvalidBucketName(UserError):
    """3 to 63 lower-case letters, digits, dots and dashes."""

    code = "Trainwright.0104"
    text = Text("Invalid bucket name {bucket}.", "桶名 {bucket} 无效。")
    remedy = Text(
        "Use 3 to 63 lower-case letters, digits, dots and dashes, beginning and ending with a letter or digit.",
        "请使用 3 至 63 个小写字母、数字、点和短横线，首尾须为字母或数字。",
    )


class ObjectNotFound(NotFound):
    """No such object."""

    code = "ModelArts.2836"
    text = Text("{uri} not found.", "{uri} 不存在。")
    remedy = Text("List the folder with `trainwright obs ls`.", "请用 `trainwright obs ls` 查看目录。")


class UploadNotFound(NotFound):
    """No such multipart upload."""

    code = "Trainwright.0105"
    text = Text("Upload {upload} not found.", "上传任务 {upload} 不存在。")
    remedy = Text("Begin the upload again.", "请重新开始上传。")


class UploadIncomplete(Conflict):
    """Parts are missing."""

    code = "Trainwright.0106"
    text = Text("Upload {upload} lacks parts: {detail}.", "上传任务 {upload} 缺少分段：{detail}。")
    remedy = Text("Upload the missing parts, then complete it.", "请补传缺失的分段后再完成上传。")


class InvalidRange(UserError):
    """A byte range that the object does not have."""

    code = "Trainwright.0107"
    text = Text("Range {value} lies outside {size} bytes.", "范围 {value} 超出 {size} 字节。")
    remedy = CORRECT


class KeyConflict(Conflict):
    """A key cannot be an object and a folder at once where objects are files."""

    code = "Trainwright.0108"
    text = Text(
        "{uri} cannot be stored beside {other}: one name cannot be an object and a folder.",
        "无法存储 {uri}：与 {other} 冲突，同一名称不能既是对象又是目录。",
    )
    remedy = Text("Choose another key, or delete {other} first.", "请更换对象名，或先删除 {other}。")


class BodyCutShort(UserError):
    """The connection ended before the whole request body had arrived; nothing was stored."""

    code = "Trainwright.0109"
    text = Text("The request body ended early.", "请求体未完整到达。")
    remedy = Text("Send it again.", "请重新发送。")


class ObjectTooLarge(TooLarge):
    """Larger than the object store takes."""

    code = "Trainwright.0110"
    text = Text("{uri} is larger than {limit} bytes.", "{uri} 超过 {limit} 字节。")
    remedy = Text("Split it into several objects.", "请拆分为多个对象。")


class StorageUnavailable(Unavailable):
    """The object store does not answer or refuses us."""

    code = "ModelArts.2957"
    text = Text("The object store failed: {detail}.", "对象存储出错：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )


class ObjectChanged(Conflict):
    """Another object is there than the one that was to be replaced; nothing was stored."""

    code = "Trainwright.0112"
    text = Text("{uri} was not stored: {detail}.", "{uri} 未保存：{detail}。")
    remedy = Text(
        "Read it again and decide which content to keep; to replace it in any case, send the request without the "
        "condition (If-Match, If-None-Match; `overwrite` of an upload).",
        "请重新读取后决定保留哪份内容；如需直接覆盖，请去掉条件（If-Match、If-None-Match；上传的 `overwrite`）后重试。",
    )


class ObjectExists(Conflict):
    """Something is there already, and was not to be replaced."""

    code = "Trainwright.0111"
    text = Text("{uri} exists already.", "{uri} 已存在。")
    remedy = Text(
        "Choose another place, or allow it to be replaced (`overwrite`).",
        "请选择其他位置，或允许覆盖（`overwrite`）。",
    )
