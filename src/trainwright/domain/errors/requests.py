"""What is wrong with a request, or with who sends it."""

from trainwright.domain.errors.families import CORRECT, Denied, NotFound, TooLarge, Unauthenticated, UserError
from trainwright.domain.texts import Text


class InvalidJson(UserError):
    """The body is not a JSON object."""

    code = "ModelArts.2787"
    text = Text("The request body is not a JSON object: {detail}.", "请求体不是 JSON 对象：{detail}。")
    remedy = Text("Send a JSON object with UTF-8 text.", "请发送 UTF-8 编码的 JSON 对象。")


class InvalidParam(UserError):
    """A field has the wrong type, form or value."""

    code = "ModelArts.2788"
    text = Text("Invalid value of {field}: {detail}.", "{field} 的值无效：{detail}。")
    remedy = CORRECT


class InvalidQuery(UserError):
    """A query parameter has the wrong type, form or value."""

    code = "ModelArts.2764"
    text = Text("Invalid query parameter {field}: {detail}.", "查询参数 {field} 无效：{detail}。")
    remedy = CORRECT


class ParamOutOfRange(UserError):
    """A number lies outside its limits."""

    code = "ModelArts.2816"
    text = Text("{field} is {value}; it must be {allowed}.", "{field} 的值为 {value}，必须为 {allowed}。")
    remedy = CORRECT


class UnsupportedSort(UserError):
    """Sorting by this key is not offered."""

    code = "ModelArts.2790"
    text = Text("Cannot sort by {value}.", "不支持按 {value} 排序。")
    remedy = Text("Use one of: {allowed}.", "可用的排序字段：{allowed}。")


class UnsupportedFilterKey(UserError):
    """Filtering by this key is not offered."""

    code = "ModelArts.2807"
    text = Text("Cannot filter by {value}.", "不支持按 {value} 过滤。")
    remedy = Text("Use one of: {allowed}.", "可用的过滤字段：{allowed}。")


class UnsupportedFilterOperator(UserError):
    """The operator does not exist or does not fit the key."""

    code = "ModelArts.2808"
    text = Text("Operator {value} is not supported for {field}.", "{field} 不支持操作符 {value}。")
    remedy = Text("Use one of: {allowed}.", "可用的操作符：{allowed}。")


class InvalidFilterValue(UserError):
    """A filter's value has the wrong form."""

    code = "ModelArts.2809"
    text = Text("Invalid filter value of {field}: {detail}.", "过滤字段 {field} 的值无效：{detail}。")
    remedy = CORRECT


class BodyTooLarge(TooLarge):
    """The request body exceeds the limit of its route."""

    code = "Trainwright.0001"
    text = Text("The request body is larger than {limit} bytes.", "请求体超过 {limit} 字节。")
    remedy = Text("Send less, or use a multipart upload.", "请减小请求体，或使用分段上传。")


class MalformedRequest(UserError):
    """What came is not a request of HTTP, or its path or headers are too long."""

    code = "Trainwright.0010"
    text = Text("This is not an HTTP request that can be read.", "无法解析该 HTTP 请求。")
    remedy = Text("Check the verb, and keep path and headers short.", "请检查请求方法，并缩短路径与请求头。")


class UnknownRoute(NotFound):
    """No such path."""

    code = "Trainwright.0002"
    text = Text("There is no {path}.", "路径 {path} 不存在。")
    remedy = Text("Check the path against the API reference.", "请对照 API 参考检查路径。")


class WrongVerb(UserError):
    """The path exists, the verb does not."""

    code = "Trainwright.0003"
    text = Text("{method} is not offered on {path}.", "{path} 不支持 {method} 方法。")
    remedy = Text("Check the verb against the API reference.", "请对照 API 参考检查请求方法。")


class UnsupportedAction(UserError):
    """An action type we do not know."""

    code = "ModelArts.2812"
    text = Text("Unsupported action_type {value}.", "不支持的 action_type：{value}。")
    remedy = Text("Use one of: {allowed}.", "可用的操作：{allowed}。")


class NotOffered(UserError):
    """Valid in the contract, not built here yet."""

    code = "Trainwright.0004"
    text = Text("{field} is not available on this server.", "本服务器暂不支持 {field}。")
    remedy = Text("Leave it out of the request.", "请从请求中去掉该字段。")


class NoCredentials(Unauthenticated):
    """No usable credentials in the request."""

    code = "ModelArts.0205"
    text = Text("The request carries no valid credentials.", "请求未携带有效凭证。")
    remedy = Text(
        "Send the header X-Auth-Token: <token>, or run `trainwright login`.",
        "请发送请求头 X-Auth-Token: <token>，或运行 `trainwright login`。",
    )


class WrongProject(Denied):
    """The project in the path is not the caller's."""

    code = "ModelArts.0210"
    text = Text("The project in the URL does not belong to the caller.", "URL 中的项目不属于调用者。")
    remedy = Text("Use the project id of your own account.", "请使用自己账号的项目 ID。")


class ActionDenied(Denied):
    """None of the caller's roles allows the action."""

    code = "ModelArts.0108"
    text = Text("You are not allowed to {action}.", "您没有执行 {action} 的权限。")
    remedy = Text("Ask an administrator for a role with this action.", "请联系管理员授予包含该操作的角色。")
