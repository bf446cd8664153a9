"""A year's package is taken over from the page: only what lies in the folder, in the background, what was refused is named."""

from oa_archives.models import Item
from oa_archives.models_keeping import Intake
from oa_archives.services import handovers, intakes


def test_from_the_folder_by_clicks_and_what_is_refused_is_named(oa, desk, oa_client):
    item = desk.file()
    client = oa_client(desk.archivist)
    assert "导入文件夹里还没有数据包" in client.get("/archives/intakes").text
    place = oa.config.path.parent / "import" / "2026 年度"
    handovers.run(handovers.ask(None, item.year, str(place)).id)
    assert oa_client(desk.reader).get("/archives/intakes").status_code == 403
    for elsewhere in ("../import/2026 年度", str(place), ""):
        assert client.submit("/archives/intakes", {"name": elsewhere}).status_code == 422
    assert Intake.select().count() == 0

    assert client.submit("/archives/intakes", {"name": place.name}).status_code == 303
    twice = client.submit("/archives/intakes", {"name": place.name})
    assert twice.status_code == 422 and "请等它做完" in twice.text
    row = Intake.get()
    assert intakes.resume() == 0  # it waits on the queue; nobody took it up and died
    done = intakes.run(row.id)
    assert (done.state, done.taken, done.known, done.total, done.done) == ("done", 0, 1, 1, 1)
    assert "已有 1 件" in client.get("/archives/intakes").text

    package = next(place.rglob("*.zip"))
    package.write_bytes(package.read_bytes()[:-1] + b"x")
    client.submit("/archives/intakes", {"name": place.name})
    row = Intake.get(Intake.state == "waiting")
    desk.killed(row)  # a worker was killed before it said a word
    assert intakes.resume() == 1 and Intake.get_by_id(row.id).state == "failed"
    assert package.stem.split("·")[-1] in client.get("/archives/intakes").text and Item.select().count() == 1
