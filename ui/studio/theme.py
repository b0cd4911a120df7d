"""The studio's look: one theme, dark and light. Colours are tokens here; layout is in static/studio.css."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

_FONT = ("Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def studio_theme() -> "Base":
    """Return the theme; fonts are the system's own, so that nothing is fetched."""
    from gradio.themes import Base, Color, sizes

    ember = Color(
        "#fff4ee", "#ffe3d3", "#ffc5a6", "#ffa172", "#fb7d45", "#e85d22", "#c24414", "#993510", "#742a10", "#4f1e0d",
        "#2c1007",
    )  # fmt: skip
    ink = Color(
        "#f7f6fa", "#edebf2", "#dad6e4", "#bbb5cb", "#918aa6", "#6d6584", "#524b68", "#3d374f", "#2a2539", "#1c1828",
        "#12101b",
    )  # fmt: skip
    return Base(
        primary_hue=ember, secondary_hue=ember, neutral_hue=ink,
        font=_FONT, font_mono=_MONO, radius_size=sizes.radius_md, spacing_size=sizes.spacing_md,
    ).set(
        body_background_fill="*neutral_50", body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900", body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300",
        block_background_fill="white", block_background_fill_dark="*neutral_900",
        block_label_text_color="*neutral_700", block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_800", block_title_text_color_dark="*neutral_100",
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300",
        block_border_width="1px", block_border_color="*neutral_200", block_border_color_dark="*neutral_800",
        block_shadow="none", block_radius="12px",
        input_background_fill="*neutral_50", input_background_fill_dark="*neutral_950",
        input_border_color="*neutral_300", input_border_color_dark="*neutral_700",
        input_placeholder_color="*neutral_600", input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600", button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700", button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white", button_primary_text_color_dark="white",
        slider_color="*primary_600", slider_color_dark="*primary_400",
    )  # fmt: skip
