package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// What every backend keeps to: each test has one of its own in each case, which owes nothing once it is closed.
@ParameterizedClass
@MethodSource("cases")
abstract class BackendContract {
    @Parameter
    ContractCase contract;

    Backend backend;

    static Stream<ContractCase> cases() {
        return ContractCase.all();
    }

    @BeforeEach
    void start() {
        backend = contract.open();
    }

    @AfterEach
    void stop() {
        if (backend != null) {
            backend.close();
            assertThat(backend.ledger().owners()).isEmpty();
            assertThat(backend.ledger().total()).isZero();
            if (!backend.name().equals("reference")) {
                assertThat(backend.report()).containsEntry("native objects", "");
            }
        }
    }
}
