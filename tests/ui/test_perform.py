"""The Perform tab in a real browser: a first visit, the pad, the time line, recognised emotion, portraits, stopping."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

from PIL import Image

from espressivo.demo import PORTRAIT, SPEECH_FOLDER
from espressivo.media.image import read_image
from tests.ui.conftest import WIDE, visit
from tests.ui.visiting import open_part

_SLOW_MS = 90_000


def _borrow(page: "Page", line: str = "joy") -> None:
    page.click(f"#es-demo-{line}")
    page.wait_for_selector(".es-wave", state="attached")


def _small(page: "Page") -> None:
    """Make small videos: what is looked at here is the page."""
    open_part(page, "More settings")
    field = page.locator("#es-field-size input[type=number]")
    field.fill("128")
    field.press("Enter")


def _perform(page: "Page") -> None:
    page.click("#es-perform-go")
    page.wait_for_selector("#es-perform-result video", timeout=_SLOW_MS)


def _text(page: "Page") -> str:
    """The emotion as text, once the server has written it."""
    return page.locator("#es-notation textarea, #es-notation input").first.input_value()


def _keys(page: "Page") -> list[str]:
    return page.eval_on_selector_all(".es-key", "keys => keys.map(key => key.getAttribute('aria-valuenow'))")


def test_first_visit_makes_a_take_with_sound(page: "Page") -> None:
    assert "Your take appears here" in page.inner_text("#es-perform-result")
    _borrow(page)
    _small(page)
    _perform(page)
    page.wait_for_function("document.querySelector('#es-perform-result video').duration > 4")
    heard = page.evaluate(
        """async () => {
          const video = document.querySelector("#es-perform-result video");
          const sound = await (await fetch(video.src)).arrayBuffer();
          return (await new OfflineAudioContext(1, 1, 48000).decodeAudioData(sound)).getChannelData(0)
            .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        }"""
    )
    assert heard > 0.05
    names = page.locator(".es-files a").all_inner_texts()
    assert {"face.mp4", "face.glb", "speech.wav", "emotion.emotionml", "take.json"} <= set(names)
    with page.expect_download() as whole:
        page.click(".es-zip")
    assert Path(whole.value.path()).read_bytes()[:2] == b"PK"

    # The finished motion moves the head by the clock of the sound.
    page.wait_for_selector(".es-head[data-ready*='face.glb']")
    page.click(".es-play")
    page.wait_for_function("document.querySelector('.es-timeline audio').currentTime > 0.3")
    page.evaluate("document.querySelector('.es-timeline audio').pause()")
    page.wait_for_function(
        """() => {
          const [minutes, seconds] = document.querySelector(".es-time").textContent.split(" /")[0].split(":");
          const shown = 60 * Number(minutes) + Number(seconds);
          return Math.abs(shown - document.querySelector(".es-timeline audio").currentTime) < 0.02;
        }"""
    )


def test_pad_by_mouse_keyboard_and_dials(page: "Page") -> None:
    pad = page.locator(".es-pad")
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.25, steps=4)
    page.mouse.up()
    expect(pad).to_have_attribute("aria-valuetext", re.compile("happiness"))
    pad.focus()
    before = float(pad.get_attribute("aria-valuenow") or "nan")
    page.keyboard.press("ArrowLeft")
    assert float(pad.get_attribute("aria-valuenow") or "nan") == pytest.approx(before - 0.05, abs=0.011)
    page.keyboard.press("Home")
    expect(pad).to_have_attribute("aria-valuetext", re.compile("neutral"))
    page.get_by_role("button", name="anger", exact=True).last.click()
    expect(pad).to_have_attribute("aria-valuetext", re.compile("anger 0.80"))
    page.get_by_label("Intensity", exact=True).fill("0.4")
    expect(pad).to_have_attribute("aria-valuetext", re.compile("anger 0.40"))
    page.get_by_label("Emotion 2", exact=True).select_option("fear")
    page.get_by_label("Strength of emotion 2").fill("0.3")
    expect(pad).to_have_attribute("aria-valuetext", re.compile(r"anger 0.40 \+ fear 0.30"))


def test_head_follows_the_pad_at_once(page: "Page") -> None:
    """How many milliseconds it takes is measured by benchmarks/studio.py."""
    picture = "document.querySelector('.es-head canvas').toDataURL().length"
    page.locator(".es-pad").focus()
    page.evaluate("delete document.querySelector('.es-head').dataset.previewMs")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('.es-head').dataset.previewMs")
    assert page.evaluate(picture) > 100


def test_keyframes_are_added_dragged_typed_deleted_and_taken_back(page: "Page") -> None:
    _borrow(page)
    page.get_by_label("snap to words").uncheck()
    sheet = page.locator(".es-sheet")
    box = sheet.bounding_box()
    assert box is not None
    sheet.dblclick(position={"x": box["width"] / 2, "y": 30})
    expect(page.locator(".es-key")).to_have_count(2)
    page.get_by_role("button", name="fear", exact=True).click()
    handle = page.locator(".es-key").nth(1)
    handle.scroll_into_view_if_needed()
    spot = handle.bounding_box()
    assert spot is not None
    page.mouse.move(spot["x"] + 13, spot["y"] + 13)
    page.mouse.down()
    page.mouse.move(spot["x"] + 13 + box["width"] / 4, spot["y"] + 13, steps=5)
    page.mouse.up()
    dragged = float(_keys(page)[1])
    assert dragged == pytest.approx(4.95 * 0.75, abs=0.1)
    page.get_by_label("Time of the keyframe in seconds").fill("1.25")
    page.keyboard.press("Enter")
    assert _keys(page)[1] == "1.25"
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert _keys(page)[1] == "1.30"
    page.get_by_label("How it moves to the next keyframe").select_option("smooth")
    open_part(page, "Emotion as a file")
    page.wait_for_selector("#es-notation textarea, #es-notation input")
    page.wait_for_function(
        "document.querySelector('#es-notation textarea, #es-notation input').value.includes('smooth fear')"
    )
    assert _text(page) == "@0 happiness:0.8 @1.3~smooth fear:0.8"
    handle.focus()
    page.keyboard.press("Delete")
    expect(page.locator(".es-key")).to_have_count(1)
    page.click(".es-undo")
    expect(page.locator(".es-key")).to_have_count(2)
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(".es-key")).to_have_count(1)
    page.keyboard.press("Control+Z")
    assert _keys(page) == ["0.00", "1.30"]


def test_tools_of_the_time_line_keep_together_on_a_phone(phone: "Page") -> None:
    _borrow(phone)
    expect(phone.get_by_label("snap to words")).to_be_visible()
    heights = phone.eval_on_selector_all(".es-together button", "tools => tools.map(tool => tool.offsetTop)")
    assert len(heights) >= 4
    assert len(set(heights[:4])) == 1


def test_the_browser_and_the_server_mean_the_same_by_an_emotion(page: "Page") -> None:
    """The preview's rules in JavaScript against those in Python, at many points and between keyframes."""
    import numpy as np

    from espressivo.conditioning.notation import parse_emotion
    from espressivo.conditioning.state import EmotionState
    from espressivo.ui.studio.emotion_controls import value_of
    from espressivo.ui.studio.facts import emotion_facts

    points = np.random.default_rng(4).uniform(-1, 1, (60, 3)).round(3)
    track = parse_emotion(
        "@0 anger:0.9 @0.8~pchip joy:0.3 @1.1~pchip fear:0.7 @2~smooth sadness:0.4+surprise:0.5 @3 calm"
    )
    times = np.linspace(-0.2, 3.4, 73)
    found = page.evaluate(
        """async ([facts, points, keyframes, times]) => {
          const rules = await import(new URL("studio/emotion.js", document.baseURI));
          return [points.map((point) => rules.strengthsOf(rules.fromVad(point, facts), facts)),
                  times.map((time) => Object.values(rules.sample(keyframes, time, facts)).flat())];
        }""",
        [emotion_facts(), points.tolist(), value_of(track)["keyframes"], times.tolist()],
    )
    ours = [EmotionState.from_vad(tuple(point)).strengths() for point in points.tolist()]
    np.testing.assert_allclose(found[0], ours, atol=2e-6)
    curves = track.sample(times)
    np.testing.assert_allclose(found[1], np.concatenate([curves.strengths, curves.vad], axis=1), atol=2e-6)


def test_emotion_is_recognised_and_stays_editable(page: "Page") -> None:
    _borrow(page, "anger")
    open_part(page, "Recognise the emotion")
    page.click("#es-auto-go")
    expect(page.locator("#es-emotion-status .es-note")).to_contain_text("Recognised", timeout=_SLOW_MS)
    count = page.locator(".es-key").count()
    page.click(".es-undo")
    page.wait_for_function("document.querySelector('.es-pad').getAttribute('aria-valuetext').includes('anger 0.80')")
    page.click(".es-redo")
    assert page.locator(".es-key").count() == count


def test_typed_emotions_and_files(page: "Page", tmp_path: Path) -> None:
    open_part(page, "Emotion as a file")
    box = page.locator("#es-notation textarea, #es-notation input").first
    box.fill("hapiness")
    page.click("#es-notation-go")
    expect(page.locator("#es-emotion-status .es-problem")).to_contain_text("did you mean happiness?")
    box.fill("@0 neutral @2 anger:0.5")
    page.click("#es-notation-go")
    expect(page.locator(".es-key")).to_have_count(2)
    with page.expect_download() as written:
        page.get_by_role("button", name="EmotionML", exact=True).click()
    document = Path(written.value.path()).read_text("utf-8")
    assert "<emotionml" in document
    file = tmp_path / "kept.emotionml"
    file.write_text(document.replace("anger", "fear"), "utf-8")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Read EmotionML or JSON").click()
    chooser.value.set_files(file)
    page.wait_for_function(
        "[...document.querySelectorAll('.es-key')].some(key => key.getAttribute('aria-valuetext').includes('fear'))"
    )


def test_stopping_takes_less_than_a_second_and_leaves_nothing(page: "Page") -> None:
    _borrow(page)
    page.click("#es-perform-go")
    page.wait_for_selector("#es-perform-status progress", timeout=_SLOW_MS)
    page.click("#es-perform-stop")
    expect(page.locator("#es-perform-status")).to_contain_text("Stopped")
    expect(page.locator("#es-perform-go")).to_be_enabled()
    assert page.locator("#es-perform-result video").count() == 0


def test_stopping_in_the_queue(browser: "Browser", studio_url: str) -> None:
    for busy in visit(browser, studio_url, WIDE):
        for page in visit(browser, studio_url, WIDE):
            _borrow(busy)
            _borrow(page, "calm")
            busy.click("#es-perform-go")
            busy.wait_for_selector("#es-perform-status progress", timeout=_SLOW_MS)
            page.click("#es-perform-go")
            expect(page.locator("#es-perform-status")).to_contain_text("Waiting")
            page.click("#es-perform-stop")
            expect(page.locator("#es-perform-status")).to_contain_text("Stopped")
            expect(page.locator("#es-perform-go")).to_be_enabled()
            busy.click("#es-perform-stop")
            expect(busy.locator("#es-perform-status")).to_contain_text("Stopped")
            page.wait_for_timeout(1500)
            assert page.locator("#es-perform-result video").count() == 0


def test_everybody_who_waits_is_told_how_many_are_before(browser: "Browser", studio_url: str) -> None:
    """And short work does not wait: the words of a third visitor's line are found while a take is being made."""
    for first in visit(browser, studio_url, WIDE):
        for second in visit(browser, studio_url, WIDE):
            for third in visit(browser, studio_url, WIDE):
                for page, line, said in (
                    (first, "joy", "Wait"),
                    (second, "calm", "Waiting, 1 before you"),
                    (third, "anger", "Waiting, 2 before you"),
                ):
                    _borrow(page, line)
                    page.click("#es-perform-go")
                    expect(page.locator("#es-perform-status")).to_contain_text(said)
                    if page is first:
                        page.wait_for_selector("#es-perform-status progress", timeout=_SLOW_MS)
                third.wait_for_selector(".es-word", state="attached", timeout=_SLOW_MS)
                third.click("#es-perform-stop")
                expect(third.locator("#es-perform-status")).to_contain_text("Stopped")
                first.click("#es-perform-stop")
                expect(second.locator("#es-perform-status")).not_to_contain_text("Waiting", timeout=_SLOW_MS)
                second.click("#es-perform-stop")
                expect(second.locator("#es-perform-status")).to_contain_text("Stopped")


def test_a_bad_file_is_a_sentence_beside_the_button(page: "Page", tmp_path: Path) -> None:
    bad = tmp_path / "not <b>really<b> sound.wav"
    bad.write_text("I am not a sound.\n" * 50)
    page.set_input_files("#es-perform-speech input[type=file]", bad)
    page.wait_for_timeout(1500)
    page.click("#es-perform-go")
    problem = page.locator("#es-perform-status .es-problem")
    expect(problem).to_be_visible(timeout=_SLOW_MS)
    text = problem.inner_text()
    assert "/" not in text.replace("and/or", "")
    assert "Traceback" not in text
    assert page.locator("#es-perform-status b").count() == 0


def test_without_a_line_it_says_what_to_do(page: "Page") -> None:
    page.click("#es-perform-go")
    expect(page.locator("#es-perform-status .es-problem")).to_contain_text("There is no speech yet")


def test_a_photograph_performs_and_its_style_is_read_off_its_video(page: "Page", tmp_path: Path) -> None:
    _borrow(page, "calm")
    _small(page)
    page.get_by_label("A photograph too").check()
    page.click("#es-borrow-portrait")
    page.wait_for_selector(".es-draft img", timeout=_SLOW_MS)
    expect(page.get_by_label("Consent")).to_be_hidden()
    _perform(page)
    link = page.locator(".es-files a", has_text="portrait.mp4")
    with page.expect_download() as made:
        link.click()
    made.value.save_as(tmp_path / "speaker.mp4")

    open_part(page, "Dials of the face")
    (tmp_path / "note.mp4").write_text("I am no video.")
    for name, said in (("note.mp4", "note.mp4 cannot be read as a video"), ("speaker.mp4", "the style below")):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Read the speaking style off a video").click()
        chooser.value.set_files(tmp_path / name)
        expect(page.get_by_text(said)).to_be_visible(timeout=_SLOW_MS)
    style = page.locator("#es-field-speaking-style textarea, #es-field-speaking-style input")
    expect(style).to_have_value(re.compile("^opening="))


def test_the_draft_of_a_portrait_follows_pad_and_playhead(page: "Page") -> None:
    picture = "document.querySelector('.es-draft img').src"

    def changes(before: str) -> str:
        page.wait_for_function(f"(before) => {picture} !== before", arg=before, timeout=_SLOW_MS)
        return page.evaluate(picture)

    page.get_by_label("A photograph too").check()
    expect(page.get_by_label("Consent")).to_be_visible()
    page.click("#es-borrow-portrait")
    page.wait_for_selector(".es-draft img", timeout=_SLOW_MS)
    neutral = page.evaluate(picture)
    page.get_by_role("button", name="surprise", exact=True).click()
    surprised = changes(neutral)
    page.locator(".es-sheet").dblclick(position={"x": 400, "y": 30})
    page.get_by_role("button", name="neutral", exact=True).click()
    changes(surprised)
    page.locator(".es-key").first.focus()
    page.wait_for_function(f"(wanted) => {picture} === wanted", arg=surprised, timeout=_SLOW_MS)
    open_part(page, "Dials of the portrait")
    face = page.locator("#es-field-portrait_face textarea, #es-field-portrait_face input")
    face.fill("7")
    face.blur()
    expect(page.get_by_text("so there is no face 7")).to_be_visible(timeout=_SLOW_MS)


def test_a_photograph_of_somebody_else_asks_for_consent(page: "Page", tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(read_image(PORTRAIT)[:, ::-1]).save(other)
    page.get_by_label("A photograph too").check()
    page.click("#es-borrow-portrait")
    expect(page.get_by_label("Consent")).to_be_hidden(timeout=_SLOW_MS)
    page.locator("#es-perform-portrait").get_by_label("Clear").click()
    page.locator("#es-perform-portrait input[type=file]").set_input_files(other)
    page.wait_for_selector(".es-draft img", timeout=_SLOW_MS)
    expect(page.get_by_label("Consent")).to_be_visible()


def test_settings_survive_a_reload(page: "Page") -> None:
    page.get_by_role("button", name="disgust", exact=True).click()
    page.locator("#es-perform-words textarea").fill("Remember me.")
    page.locator("#es-perform-words textarea").blur()
    page.wait_for_function("JSON.stringify(localStorage).includes('espressivo-settings')")
    page.wait_for_timeout(1000)
    page.reload()
    page.wait_for_selector(".es-pad")
    expect(page.locator(".es-pad")).to_have_attribute("aria-valuetext", re.compile("disgust 0.80"))
    expect(page.locator("#es-perform-words textarea")).to_have_value("Remember me.")


def test_two_at_once_see_their_own(browser: "Browser", studio_url: str) -> None:
    for one in visit(browser, studio_url, WIDE):
        for other in visit(browser, studio_url, WIDE):
            _borrow(one, "joy")
            _borrow(other, "sadness")
            for page in (one, other):
                _small(page)
                page.click("#es-perform-go")
            for page, name in ((one, "joy"), (other, "sadness")):
                page.wait_for_selector(f"#es-perform-result [data-take={name}] video", timeout=_SLOW_MS)
                assert page.locator("#es-perform-result video").count() == 1


def test_on_a_phone(phone: "Page") -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator(".es-pad").scroll_into_view_if_needed()
    box = phone.locator(".es-pad").bounding_box()
    assert box is not None
    phone.touchscreen.tap(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    expect(phone.locator(".es-pad")).to_have_attribute("aria-valuetext", re.compile("anger"))


def test_speech_that_is_uploaded_shows_its_waveform(page: "Page") -> None:
    page.set_input_files("#es-perform-speech input[type=file]", SPEECH_FOLDER / "calm.wav")
    page.wait_for_selector(".es-wave", state="attached")
    assert "0:04.98" in page.inner_text(".es-time") or "/ 0:0" in page.inner_text(".es-time")
