package org.panamask.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.panamask.config.SettingException;
import org.panamask.config.Settings;

class BlockSettingsTest {
    private static BlockSettings of(Map<String, ?> keys) {
        return Settings.of(BlockSettings.class, keys);
    }

    @ParameterizedTest
    @CsvSource({
        "gen_length, max_new_tokens, 64",
        "gen_len, max_new_tokens, 64",
        "diffusion_steps, steps, 16",
        "block_length, block_size, 8",
        "remasking, alg, random",
        "algorithm, alg, entropy",
        "temp, temperature, 0.5",
        "schedule, transfer, alpha_cosine",
        "gamma, entropy_bound, 0.15",
        "eos_early_stop, early_stop, false",
        "begin_suppress_tokens, confidence_suppress_tokens, '[5, eot]'",
        "use_cache, cache, dual",
        "cache_type, cache, prefix",
        "right_shift_logits, shift_logits, true",
        "logit_shift, shift_logits, true"
    })
    void otherEnginesNamesAreTaken(String alias, String key, String value) {
        assertThat(of(Map.of(alias, value))).isEqualTo(of(Map.of(key, value)));
    }

    @Test
    void flagsOfOtherEnginesStandForLists() {
        assertThat(of(Map.of("logits_eos_inf", true)).tokens().suppressTokens()).containsExactly("eos");
        assertThat(of(Map.of("confidence_eos_eot_inf", true)).tokens().confidenceSuppressTokens())
                .containsExactly("eos", "eot");
        assertThat(of(Map.of("scheduler", "cosine")).transfer().transfer())
                .isEqualTo(TransferSettings.Rule.ALPHA_COSINE);
        assertThat(of(Map.of("diffusion_algorithm", 2)).order().alg()).isEqualTo(OrderSettings.Algorithm.TOPK_MARGIN);
    }

    @Test
    void keysOfCachesAndSoftMasksMustGoTogether() {
        assertThat(of(Map.of("use_cache", true)).cache().cache()).isEqualTo(CacheSettings.Kind.PREFIX);
        assertThat(of(Map.of("dual_cache", true)).cache().cache()).isEqualTo(CacheSettings.Kind.DUAL);
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(Map.of("cache", "dual", "prefix_look", 2)))
                .withMessageContaining("prefix_look must not be set where cache is dual; it belongs to vicinity");
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(Map.of("cache_refresh", 2)))
                .withMessageContaining("cache_refresh and feed_previous must not be set where cache is none");
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(Map.of("soft_init", 0.1)))
                .withMessageContaining("soft_init and soft_growth must not be set without soft_embedding");
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(Map.of("threshold_decay", 0.1)))
                .withMessageContaining("threshold_decay must be 0 unless transfer is threshold, but it is auto");
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(Map.of("cache", "dual", "reference", "llada")))
                .withMessageContaining("cache must be none where reference is llada, which fills in columns before the"
                        + " block as well");
    }

    @Test
    void theKeysThatAreSetDecideTheRule() {
        assertThat(of(Map.of()).transfer().rule()).isEqualTo(TransferSettings.Rule.AUTO);
        assertThat(of(Map.of("threshold", 0.9)).transfer().rule()).isEqualTo(TransferSettings.Rule.THRESHOLD);
        assertThat(of(Map.of("factor", 1)).transfer().rule()).isEqualTo(TransferSettings.Rule.FACTOR);
        assertThat(of(Map.of("threshold", 0.9, "low_threshold", 0.4)).transfer().rule())
                .isEqualTo(TransferSettings.Rule.HIERARCHY);
        assertThat(of(Map.of("threshold", 0.9, "credit_alpha", 0.7)).transfer().rule())
                .isEqualTo(TransferSettings.Rule.CREDIT);
        assertThat(of(Map.of("entropy_bound", 0.1)).transfer().rule()).isEqualTo(TransferSettings.Rule.ENTROPY_BOUND);
        assertThat(of(Map.of("eps", 0.01)).transfer().rule()).isEqualTo(TransferSettings.Rule.TIMESTEP);
        assertThat(of(Map.of("eps", 0.01, "alg", "origin")).transfer().rule())
                .isEqualTo(TransferSettings.Rule.TIMESTEP);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gen_length=1 max_new_tokens=2 | max_new_tokens and gen_length are two names of one key,"
                        + " max_new_tokens, but both are given; keep one",
                "threshold=0.9 factor=1 | factor must not be set where transfer is threshold; it belongs to factor",
                "transfer=quota threshold=0.9 | threshold must not be set where transfer is quota; it belongs to"
                        + " threshold, hierarchy, credit, budget",
                "threshold=0.9 eps=0.1 | eps must not be set where transfer is threshold; it belongs to timestep",
                "threshold=0 | threshold must be above 0 and at most 1, not 0.0",
                "threshold_strict=true | threshold_strict must be false unless transfer is threshold or budget, not"
                        + " true",
                "stochastic_transfer=true | stochastic_transfer must be false unless transfer is alpha_linear or"
                        + " alpha_cosine, not true",
                "alg=origin transfer=quota | alg must not be origin where transfer is quota; it needs timestep,"
                        + " alpha_linear or alpha_cosine",
                "alg=random threshold=0.9 | alg must be low_confidence where transfer is threshold, not random",
                "alg=random alg_temp=1 | alg_temp must be 0 where alg leaves the order to chance, not 1.0",
                "alg_temp=1 factor=1 | alg_temp must be 0 where transfer is factor, not 1.0",
                "cfg_keep_tokens=[5] | cfg_keep_tokens must be empty unless cfg_scale is above 0, not [5]",
                "suppress_tokens=[end] | suppress_tokens must be a list of ids, eos and eot, but holds 'end'",
                "edit_threshold=0.5 | edit_threshold must not be set unless transfer is threshold, but it is auto",
                "max_post_steps=3 | max_post_steps must be 0 unless edit_threshold is set, not 3",
                "eps=1 | eps must be between 0 and 1, both excluded, not 1.0",
                "low_threshold=2 | low_threshold must be from 0 to 1, not 2.0"
            })
    void whatMakesNoSenseIsRefusedByName(String keys, String message) {
        Map<String, String> written = new TreeMap<>();
        for (String one : keys.split(" ")) {
            written.put(one.substring(0, one.indexOf('=')), one.substring(one.indexOf('=') + 1));
        }
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> of(written))
                .withMessage(message);
    }

    @Test
    void namesOfTokensBecomeIds() {
        SamplerTokens tokens = new SamplerTokens(9, 1, List.of(1, 2, 3), List.of());

        assertThat(TokenNames.ids(List.of("eos", "eot", "7", "2"), tokens)).containsExactly(1, 2, 3, 7);
    }

    @Test
    void theFamilyDecidesTheSampler() {
        assertThat(SamplerSettings.of("llada")).isEqualTo(BlockSettings.defaults());
        assertThat(SamplerSettings.of("Dream")).isEqualTo(BlockSettings.defaults());
        assertThat(SamplerSettings.of("llama")).isEqualTo(DdmSettings.defaults());
    }
}
