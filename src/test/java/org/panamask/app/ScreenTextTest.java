package org.panamask.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScreenTextTest {
    @Test
    void controlCharactersOfGeneratedTextAreMadeHarmless() {
        assertThat(ScreenText.harmless("a\u001b[2Jb\u0007c\td\ne\r\u009b"))
                .isEqualTo("a\uFFFD[2Jb\uFFFDc\td\ne\uFFFD\uFFFD");
    }

    @Test
    void wideCharactersTakeTwoColumnsAndCombiningOnesNone() {
        assertThat(ScreenText.columns('a')).isEqualTo(1);
        assertThat(ScreenText.columns('\u6F22')).isEqualTo(2);
        assertThat(ScreenText.columns('\uD55C')).isEqualTo(2);
        assertThat(ScreenText.columns(0x1F642)).isEqualTo(2);
        assertThat(ScreenText.columns('\u0301')).isZero();
        assertThat(ScreenText.columns('\u200D')).isZero();
        assertThat(ScreenText.columns('\u00E9')).isEqualTo(1);
    }

    @Test
    void linesAreCutWhereACharacterWouldNotFit() {
        assertThat(ScreenText.lines("abcdef", 4)).containsExactly("abcd", "ef");
        assertThat(ScreenText.lines("ab\ncd", 4)).containsExactly("ab", "cd");
        assertThat(ScreenText.lines("abc\u6F22\u5B57", 4)).containsExactly("abc", "\u6F22\u5B57");
        assertThat(ScreenText.lines("\u001b[1;32mabcd\u001b[0me", 4)).containsExactly("\u001b[1;32mabcd\u001b[0m", "e");
        assertThat(ScreenText.lines("", 4)).containsExactly("");
        assertThat(ScreenText.lines("a\tb", 20)).containsExactly("a       b");
    }

    @Test
    void aTerminalThatDoesNotKnowItsSizeHasNone() {
        assertThat(TerminalSize.parse("50 132\n")).contains(new TerminalSize(132, 50));
        assertThat(TerminalSize.parse("0 0\n")).isEmpty();
        assertThat(TerminalSize.parse("stty: no terminal")).isEmpty();
    }
}
