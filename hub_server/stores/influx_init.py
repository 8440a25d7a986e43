"""What a store on InfluxDB needs on its server: buckets with their retention, and the mapping
by which InfluxQL finds them. What is there already is left, what differs is put right."""

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

from influxdb_client import (
    Bucket,
    BucketRetentionRules,
    DBRPCreate,
    DBRPsService,
    OrganizationsApi,
)
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from hub_server.stores.influx import bucket_of, org_of
from hub_server.stores.influx_http import InfluxHttp, gzipped, what_to_do
from hub_server.stores.prepare import Done, Missing, Step, retention_s
from hub_server.stores.settings import Influx2Settings, Influx3Settings, InfluxSettings
from hub_server.stores.store import Level, Refused, RetryLater, StoreError

FAULTS = (ApiException, HTTPError, StoreError)
POLICY = "autogen"
"""Of the mapping: the name InfluxQL takes when a query names none."""


def prepare_influx2(settings: Influx2Settings, token: str, admin: str) -> Iterator[Step]:
    """Make what is missing with ``admin``, then check what ``token`` may do."""
    http = InfluxHttp(str(settings.url), settings.org, admin, settings.timeout)
    try:
        org = _org(http, settings)
        if isinstance(org, Missing):
            yield org
            return
        for level in Level:
            yield from _bucket(http, org, settings, level)
    finally:
        http.close()
    yield from _rights(settings, token)


def prepare_influx3(settings: Influx3Settings, token: str, admin: str) -> Iterator[Step]:
    """UNTESTED: make the databases by the server's own API, then check what ``token`` may do."""
    http = InfluxHttp(str(settings.url), "", admin, settings.timeout)
    zh, en = "InfluxDB 3 尚未实测", "InfluxDB 3 is untested: no server of this kind was at hand"
    yield Done(zh, en)
    try:
        for level in Level:
            yield _database(http, settings, level)
    finally:
        http.close()
    yield from _rights(settings, token)


def _org(http: InfluxHttp, settings: Influx2Settings) -> str | Missing:
    """The organisation's id; a token of one bucket does not see its organisation."""
    try:
        found = OrganizationsApi(http.client).find_organizations(org=settings.org)
    except FAULTS as error:
        return _missing("连接 InfluxDB", "to reach InfluxDB", error)
    if found:
        return str(found[0].id)
    zh = f"令牌看不到组织 {settings.org}：需要 read:orgs，或用 --admin-token 指定管理令牌"
    en = f"the token does not see the organisation {settings.org}: it needs read:orgs, or name"
    return Missing(zh, f"{en} another by --admin-token")


def _bucket(http: InfluxHttp, org: str, settings: Influx2Settings, level: Level) -> Iterator[Step]:
    name, keep = bucket_of(settings, level), retention_s(settings.retention, level)
    try:
        bucket_id, step = _make_bucket(http, org, name, keep)
        yield step
        yield _make_mapping(http, org, name, bucket_id)
    except FAULTS as error:
        yield _missing(f"创建存储桶 {name}", f"to make the bucket {name}", error)


def _make_bucket(http: InfluxHttp, org: str, name: str, keep_s: int) -> tuple[str, Step]:
    rules = [BucketRetentionRules(type="expire", every_seconds=keep_s)]
    days = keep_s // 86_400
    bucket = _find(http, name)
    if bucket is None:
        api = http.client.buckets_api()
        made = api.create_bucket(bucket_name=name, org=org, retention_rules=rules)
        return made.id, Done(f"已建存储桶 {name}，保留 {days} 天", f"made bucket {name}, {days} d")
    if [rule.every_seconds for rule in bucket.retention_rules] == [keep_s]:
        return bucket.id, Done(f"存储桶 {name} 已存在", f"bucket {name} is there, {days} d")
    bucket.retention_rules = rules
    http.client.buckets_api().update_bucket(bucket)
    zh, en = f"存储桶 {name} 保留期改为 {days} 天", f"bucket {name} now keeps {days} d"
    return bucket.id, Done(zh, en)


def _find(http: InfluxHttp, name: str) -> Bucket | None:
    """None when there is none, or none that the token may read."""
    try:
        found = http.client.buckets_api().find_buckets(name=name).buckets
    except ApiException as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return found[0] if found else None


def _make_mapping(http: InfluxHttp, org: str, name: str, bucket_id: str) -> Step:
    """A virtual mapping goes with the bucket's name; an explicit one stays what it is."""
    service = DBRPsService(http.client.api_client)
    found = service.get_dbr_ps(org_id=org, db=name).content or []
    if any(one.bucket_id == bucket_id and not _virtual(one) for one in found):
        return Done(f"InfluxQL 映射 {name} 已存在", f"InfluxQL mapping {name} is there")
    order = DBRPCreate(
        org_id=org, bucket_id=bucket_id, database=name, retention_policy=POLICY, default=True
    )
    service.post_dbrp(dbrp_create=order)
    return Done(f"已建 InfluxQL 映射 {name}", f"made InfluxQL mapping {name}")


def _virtual(mapping: Any) -> bool:
    return bool(getattr(mapping, "virtual", False))


def _database(http: InfluxHttp, settings: Influx3Settings, level: Level) -> Step:
    name, keep = bucket_of(settings, level), retention_s(settings.retention, level)
    try:
        order = {"db": name, "retention_period": f"{keep}s"}
        http.call("POST", "/api/v3/configure/database", {}, order)
    except Refused as error:
        if "409" in str(error) or "exists" in str(error):
            return Done(f"数据库 {name} 已存在", f"database {name} is there")
        return _missing(f"创建数据库 {name}", f"to make the database {name}", error)
    except RetryLater as error:
        return _missing(f"创建数据库 {name}", f"to make the database {name}", error)
    return Done(f"已建数据库 {name}", f"made database {name}")


def _rights(settings: InfluxSettings, token: str) -> Iterator[Step]:
    """An empty write asks for the right alone; reading is asked for by a query."""
    http = InfluxHttp(str(settings.url), org_of(settings), token, settings.timeout)
    try:
        for level in Level:
            name = bucket_of(settings, level)
            yield from _may(f"write:buckets {name}", partial(http.write, name, gzipped("")))
            yield from _may(f"read:buckets {name}", partial(_look, http, settings, name))
    finally:
        http.close()


def _look(http: InfluxHttp, settings: InfluxSettings, name: str) -> None:
    """InfluxDB 2 answers a query about a bucket one may not read as if it were empty."""
    http.query(name, "SHOW MEASUREMENTS LIMIT 1")
    if isinstance(settings, Influx2Settings) and _find(http, name) is None:
        raise Refused(f"bucket {name} is not shown to this token")


def _may(right: str, action: Callable[[], None]) -> Iterator[Step]:
    try:
        action()
        yield Done(f"令牌权限 {right} 正常", f"the token has {right}")
    except FAULTS as error:
        yield _missing(f"令牌权限 {right}", f"the token's right {right}", error)


def _missing(zh: str, en: str, error: Exception) -> Missing:
    shown = what_to_do(error) if isinstance(error, ApiException) else error
    said = " ".join(str(shown).split())[:300]
    return Missing(f"缺少：{zh}（{said}）", f"missing: {en} ({said})")
