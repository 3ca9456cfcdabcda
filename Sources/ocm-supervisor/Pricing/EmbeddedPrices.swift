// Written by embed.py from the price lists beside it; change those.

/// The price lists, as JSON.
enum EmbeddedPrices {
    /// The newest list prices.
    static var newest: [UInt8] { Array(newestText.utf8) }

    /// The reference's families of models.
    static var families: [UInt8] { Array(familiesText.utf8) }

    private static let newestText = #"""
        {
         "_about": "Public OpenAI API list prices in USD per 1,000,000 tokens, as LiteLLM 1.109.1 carries them (2026-11). cached_input prices the part of input_tokens that was read from the cache; cache_write the part that was written to it (input_tokens_details.cache_write_tokens, where a response reports it). long_context applies to the whole request once its input_tokens exceed above_input_tokens.",
         "models": {
          "chat-latest": {
           "default": {
            "cached_input": 0.5,
            "input": 5.0,
            "output": 30.0
           }
          },
          "computer-use-preview": {
           "default": {
            "input": 3.0,
            "output": 12.0
           }
          },
          "computer-use-preview-2025-03-11": {
           "default": {
            "input": 3.0,
            "output": 12.0
           }
          },
          "daybreak-blue-latest": {
           "default": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           }
          },
          "daybreak-red-latest": {
           "default": {
            "cache_write": 15.625,
            "cached_input": 1.25,
            "input": 12.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 2.5,
             "input": 25.0,
             "output": 112.5
            },
            "output": 75.0
           }
          },
          "gpt-3.5-turbo": {
           "default": {
            "input": 0.5,
            "output": 1.5
           }
          },
          "gpt-3.5-turbo-0125": {
           "default": {
            "input": 0.5,
            "output": 1.5
           }
          },
          "gpt-3.5-turbo-1106": {
           "default": {
            "input": 1.0,
            "output": 2.0
           }
          },
          "gpt-3.5-turbo-16k": {
           "default": {
            "input": 3.0,
            "output": 4.0
           }
          },
          "gpt-4": {
           "default": {
            "input": 30.0,
            "output": 60.0
           }
          },
          "gpt-4-0613": {
           "default": {
            "input": 30.0,
            "output": 60.0
           }
          },
          "gpt-4-1106-preview": {
           "default": {
            "input": 10.0,
            "output": 30.0
           }
          },
          "gpt-4-turbo": {
           "default": {
            "input": 10.0,
            "output": 30.0
           }
          },
          "gpt-4-turbo-2024-04-09": {
           "default": {
            "input": 10.0,
            "output": 30.0
           }
          },
          "gpt-4.1": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           },
           "priority": {
            "cached_input": 0.875,
            "input": 3.5,
            "output": 14.0
           }
          },
          "gpt-4.1-2025-04-14": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           },
           "priority": {
            "cached_input": 0.875,
            "input": 3.5,
            "output": 14.0
           }
          },
          "gpt-4.1-mini": {
           "default": {
            "cached_input": 0.1,
            "input": 0.4,
            "output": 1.6
           },
           "priority": {
            "cached_input": 0.175,
            "input": 0.7,
            "output": 2.8
           }
          },
          "gpt-4.1-mini-2025-04-14": {
           "default": {
            "cached_input": 0.1,
            "input": 0.4,
            "output": 1.6
           },
           "priority": {
            "cached_input": 0.175,
            "input": 0.7,
            "output": 2.8
           }
          },
          "gpt-4.1-nano": {
           "default": {
            "cached_input": 0.025,
            "input": 0.1,
            "output": 0.4
           },
           "priority": {
            "cached_input": 0.05,
            "input": 0.2,
            "output": 0.8
           }
          },
          "gpt-4.1-nano-2025-04-14": {
           "default": {
            "cached_input": 0.025,
            "input": 0.1,
            "output": 0.4
           },
           "priority": {
            "cached_input": 0.05,
            "input": 0.2,
            "output": 0.8
           }
          },
          "gpt-4o": {
           "default": {
            "cached_input": 1.25,
            "input": 2.5,
            "output": 10.0
           },
           "priority": {
            "cached_input": 2.125,
            "input": 4.25,
            "output": 17.0
           }
          },
          "gpt-4o-2024-05-13": {
           "default": {
            "input": 5.0,
            "output": 15.0
           },
           "priority": {
            "input": 8.75,
            "output": 26.25
           }
          },
          "gpt-4o-2024-08-06": {
           "default": {
            "cached_input": 1.25,
            "input": 2.5,
            "output": 10.0
           },
           "priority": {
            "cached_input": 2.125,
            "input": 4.25,
            "output": 17.0
           }
          },
          "gpt-4o-2024-11-20": {
           "default": {
            "cached_input": 1.25,
            "input": 2.5,
            "output": 10.0
           },
           "priority": {
            "cached_input": 2.125,
            "input": 4.25,
            "output": 17.0
           }
          },
          "gpt-4o-audio-preview-2024-12-17": {
           "default": {
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-4o-audio-preview-2025-06-03": {
           "default": {
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-4o-mini": {
           "default": {
            "cached_input": 0.075,
            "input": 0.15,
            "output": 0.6
           },
           "priority": {
            "cached_input": 0.125,
            "input": 0.25,
            "output": 1.0
           }
          },
          "gpt-4o-mini-2024-07-18": {
           "default": {
            "cached_input": 0.075,
            "input": 0.15,
            "output": 0.6
           },
           "priority": {
            "cached_input": 0.125,
            "input": 0.25,
            "output": 1.0
           }
          },
          "gpt-4o-mini-audio-preview-2024-12-17": {
           "default": {
            "input": 0.15,
            "output": 0.6
           }
          },
          "gpt-4o-mini-search-preview": {
           "default": {
            "cached_input": 0.075,
            "input": 0.15,
            "output": 0.6
           }
          },
          "gpt-4o-mini-search-preview-2025-03-11": {
           "default": {
            "cached_input": 0.075,
            "input": 0.15,
            "output": 0.6
           }
          },
          "gpt-4o-search-preview": {
           "default": {
            "cached_input": 1.25,
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-4o-search-preview-2025-03-11": {
           "default": {
            "cached_input": 1.25,
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-5": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           },
           "flex": {
            "cached_input": 0.0625,
            "input": 0.625,
            "output": 5.0
           },
           "priority": {
            "cached_input": 0.25,
            "input": 2.5,
            "output": 20.0
           }
          },
          "gpt-5-2025-08-07": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           },
           "flex": {
            "cached_input": 0.0625,
            "input": 0.625,
            "output": 5.0
           },
           "priority": {
            "cached_input": 0.25,
            "input": 2.5,
            "output": 20.0
           }
          },
          "gpt-5-chat": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5-chat-latest": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5-codex": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5-mini": {
           "default": {
            "cached_input": 0.025,
            "input": 0.25,
            "output": 2.0
           },
           "flex": {
            "cached_input": 0.0125,
            "input": 0.125,
            "output": 1.0
           },
           "priority": {
            "cached_input": 0.045,
            "input": 0.45,
            "output": 3.6
           }
          },
          "gpt-5-mini-2025-08-07": {
           "default": {
            "cached_input": 0.025,
            "input": 0.25,
            "output": 2.0
           },
           "flex": {
            "cached_input": 0.0125,
            "input": 0.125,
            "output": 1.0
           },
           "priority": {
            "cached_input": 0.045,
            "input": 0.45,
            "output": 3.6
           }
          },
          "gpt-5-nano": {
           "default": {
            "cached_input": 0.005,
            "input": 0.05,
            "output": 0.4
           },
           "flex": {
            "cached_input": 0.0025,
            "input": 0.025,
            "output": 0.2
           }
          },
          "gpt-5-nano-2025-08-07": {
           "default": {
            "cached_input": 0.005,
            "input": 0.05,
            "output": 0.4
           },
           "flex": {
            "cached_input": 0.0025,
            "input": 0.025,
            "output": 0.2
           }
          },
          "gpt-5-pro": {
           "default": {
            "input": 15.0,
            "output": 120.0
           }
          },
          "gpt-5-pro-2025-10-06": {
           "default": {
            "input": 15.0,
            "output": 120.0
           }
          },
          "gpt-5-search-api": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5-search-api-2025-10-14": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5.1": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           },
           "flex": {
            "cached_input": 0.0625,
            "input": 0.625,
            "output": 5.0
           },
           "priority": {
            "cached_input": 0.25,
            "input": 2.5,
            "output": 20.0
           }
          },
          "gpt-5.1-2025-11-13": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           },
           "flex": {
            "cached_input": 0.0625,
            "input": 0.625,
            "output": 5.0
           },
           "priority": {
            "cached_input": 0.25,
            "input": 2.5,
            "output": 20.0
           }
          },
          "gpt-5.1-chat-latest": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5.1-codex": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5.1-codex-max": {
           "default": {
            "cached_input": 0.125,
            "input": 1.25,
            "output": 10.0
           }
          },
          "gpt-5.1-codex-mini": {
           "default": {
            "cached_input": 0.025,
            "input": 0.25,
            "output": 2.0
           }
          },
          "gpt-5.2": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           },
           "flex": {
            "cached_input": 0.0875,
            "input": 0.875,
            "output": 7.0
           },
           "priority": {
            "cached_input": 0.35,
            "input": 3.5,
            "output": 28.0
           }
          },
          "gpt-5.2-2025-12-11": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           },
           "flex": {
            "cached_input": 0.0875,
            "input": 0.875,
            "output": 7.0
           },
           "priority": {
            "cached_input": 0.35,
            "input": 3.5,
            "output": 28.0
           }
          },
          "gpt-5.2-chat-latest": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           }
          },
          "gpt-5.2-codex": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           }
          },
          "gpt-5.2-pro": {
           "default": {
            "input": 21.0,
            "output": 168.0
           }
          },
          "gpt-5.2-pro-2025-12-11": {
           "default": {
            "input": 21.0,
            "output": 168.0
           }
          },
          "gpt-5.3-chat-latest": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           }
          },
          "gpt-5.3-codex": {
           "default": {
            "cached_input": 0.175,
            "input": 1.75,
            "output": 14.0
           },
           "priority": {
            "cached_input": 0.35,
            "input": 3.5,
            "output": 28.0
           }
          },
          "gpt-5.4": {
           "default": {
            "cached_input": 0.25,
            "input": 2.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.5,
             "input": 5.0,
             "output": 22.5
            },
            "output": 15.0
           },
           "flex": {
            "cached_input": 0.13,
            "input": 1.25,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.25,
             "input": 2.5,
             "output": 11.25
            },
            "output": 7.5
           },
           "priority": {
            "cached_input": 0.5,
            "input": 5.0,
            "output": 30.0
           }
          },
          "gpt-5.4-2026-03-05": {
           "default": {
            "cached_input": 0.25,
            "input": 2.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.5,
             "input": 5.0,
             "output": 22.5
            },
            "output": 15.0
           },
           "flex": {
            "cached_input": 0.13,
            "input": 1.25,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.25,
             "input": 2.5,
             "output": 11.25
            },
            "output": 7.5
           },
           "priority": {
            "cached_input": 0.5,
            "input": 5.0,
            "output": 30.0
           }
          },
          "gpt-5.4-mini": {
           "default": {
            "cached_input": 0.075,
            "input": 0.75,
            "output": 4.5
           },
           "flex": {
            "cached_input": 0.0375,
            "input": 0.375,
            "output": 2.25
           },
           "priority": {
            "cached_input": 0.15,
            "input": 1.5,
            "output": 9.0
           }
          },
          "gpt-5.4-mini-2026-03-17": {
           "default": {
            "cached_input": 0.075,
            "input": 0.75,
            "output": 4.5
           },
           "flex": {
            "cached_input": 0.0375,
            "input": 0.375,
            "output": 2.25
           },
           "priority": {
            "cached_input": 0.15,
            "input": 1.5,
            "output": 9.0
           }
          },
          "gpt-5.4-nano": {
           "default": {
            "cached_input": 0.02,
            "input": 0.2,
            "output": 1.25
           },
           "flex": {
            "cached_input": 0.01,
            "input": 0.1,
            "output": 0.625
           }
          },
          "gpt-5.4-nano-2026-03-17": {
           "default": {
            "cached_input": 0.02,
            "input": 0.2,
            "output": 1.25
           },
           "flex": {
            "cached_input": 0.01,
            "input": 0.1,
            "output": 0.625
           }
          },
          "gpt-5.4-pro": {
           "default": {
            "input": 30.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 60.0,
             "output": 270.0
            },
            "output": 180.0
           },
           "flex": {
            "input": 15.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 30.0,
             "output": 135.0
            },
            "output": 90.0
           }
          },
          "gpt-5.4-pro-2026-03-05": {
           "default": {
            "input": 30.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 60.0,
             "output": 270.0
            },
            "output": 180.0
           },
           "flex": {
            "input": 15.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 30.0,
             "output": 135.0
            },
            "output": 90.0
           }
          },
          "gpt-5.5": {
           "default": {
            "cached_input": 0.5,
            "input": 5.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 1.0,
             "input": 10.0,
             "output": 45.0
            },
            "output": 30.0
           },
           "flex": {
            "cached_input": 0.25,
            "input": 2.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.5,
             "input": 5.0,
             "output": 22.5
            },
            "output": 15.0
           },
           "priority": {
            "cached_input": 1.25,
            "input": 12.5,
            "output": 75.0
           }
          },
          "gpt-5.5-2026-04-23": {
           "default": {
            "cached_input": 0.5,
            "input": 5.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 1.0,
             "input": 10.0,
             "output": 45.0
            },
            "output": 30.0
           },
           "flex": {
            "cached_input": 0.25,
            "input": 2.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.5,
             "input": 5.0,
             "output": 22.5
            },
            "output": 15.0
           },
           "priority": {
            "cached_input": 1.25,
            "input": 12.5,
            "output": 75.0
           }
          },
          "gpt-5.5-cyber": {
           "default": {
            "cached_input": 1.25,
            "input": 12.5,
            "output": 75.0
           }
          },
          "gpt-5.5-cyber-preview": {
           "default": {
            "cached_input": 1.25,
            "input": 12.5,
            "output": 75.0
           }
          },
          "gpt-5.5-pro": {
           "default": {
            "input": 30.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 60.0,
             "output": 270.0
            },
            "output": 180.0
           },
           "flex": {
            "input": 15.0,
            "output": 90.0
           }
          },
          "gpt-5.5-pro-2026-04-23": {
           "default": {
            "input": 30.0,
            "long_context": {
             "above_input_tokens": 272000,
             "input": 60.0,
             "output": 270.0
            },
            "output": 180.0
           },
           "flex": {
            "input": 15.0,
            "output": 90.0
           }
          },
          "gpt-5.6": {
           "default": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           },
           "flex": {
            "cache_write": 2.5,
            "cached_input": 0.2,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.4,
             "input": 4.0,
             "output": 15.0
            },
            "output": 10.0
           },
           "priority": {
            "cache_write": 10.0,
            "cached_input": 0.8,
            "input": 8.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 1.6,
             "input": 16.0,
             "output": 60.0
            },
            "output": 40.0
           }
          },
          "gpt-5.6-cyber": {
           "default": {
            "cache_write": 15.625,
            "cached_input": 1.25,
            "input": 12.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 2.5,
             "input": 25.0,
             "output": 112.5
            },
            "output": 75.0
           }
          },
          "gpt-5.6-luna": {
           "default": {
            "cache_write": 0.25,
            "cached_input": 0.02,
            "input": 0.2,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.04,
             "input": 0.4,
             "output": 1.8
            },
            "output": 1.2
           },
           "flex": {
            "cache_write": 0.125,
            "cached_input": 0.01,
            "input": 0.1,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.02,
             "input": 0.2,
             "output": 0.9
            },
            "output": 0.6
           },
           "priority": {
            "cache_write": 0.5,
            "cached_input": 0.04,
            "input": 0.4,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.08,
             "input": 0.8,
             "output": 3.6
            },
            "output": 2.4
           }
          },
          "gpt-5.6-sol": {
           "default": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           },
           "flex": {
            "cache_write": 2.5,
            "cached_input": 0.2,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.4,
             "input": 4.0,
             "output": 15.0
            },
            "output": 10.0
           },
           "priority": {
            "cache_write": 10.0,
            "cached_input": 0.8,
            "input": 8.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 1.6,
             "input": 16.0,
             "output": 60.0
            },
            "output": 40.0
           }
          },
          "gpt-5.6-terra": {
           "default": {
            "cache_write": 2.5,
            "cached_input": 0.2,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.4,
             "input": 4.0,
             "output": 18.0
            },
            "output": 12.0
           },
           "flex": {
            "cache_write": 1.25,
            "cached_input": 0.1,
            "input": 1.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.2,
             "input": 2.0,
             "output": 9.0
            },
            "output": 6.0
           },
           "priority": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 36.0
            },
            "output": 24.0
           }
          },
          "gpt-6-astra": {
           "default": {
            "cache_write": 12.5,
            "cached_input": 1.0,
            "input": 10.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 2.0,
             "input": 20.0,
             "output": 75.0
            },
            "output": 50.0
           },
           "flex": {
            "cache_write": 6.25,
            "cached_input": 0.5,
            "input": 5.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 1.0,
             "input": 10.0,
             "output": 37.5
            },
            "output": 25.0
           },
           "priority": {
            "cache_write": 25.0,
            "cached_input": 2.0,
            "input": 20.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 4.0,
             "input": 40.0,
             "output": 150.0
            },
            "output": 100.0
           }
          },
          "gpt-6-astra-law": {
           "default": {
            "cached_input": 1.0,
            "input": 10.0,
            "output": 50.0
           }
          },
          "gpt-6-luna": {
           "default": {
            "cache_write": 0.125,
            "cached_input": 0.01,
            "input": 0.1,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.02,
             "input": 0.2,
             "output": 0.75
            },
            "output": 0.5
           },
           "flex": {
            "cache_write": 0.0625,
            "cached_input": 0.005,
            "input": 0.05,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.01,
             "input": 0.1,
             "output": 0.375
            },
            "output": 0.25
           },
           "priority": {
            "cache_write": 0.25,
            "cached_input": 0.02,
            "input": 0.2,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.04,
             "input": 0.4,
             "output": 1.5
            },
            "output": 1.0
           }
          },
          "gpt-6-rosalind": {
           "default": {
            "cache_write": 18.75,
            "cached_input": 1.5,
            "input": 15.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 3.0,
             "input": 30.0,
             "output": 112.5
            },
            "output": 75.0
           }
          },
          "gpt-6-sol": {
           "default": {
            "cache_write": 2.5,
            "cached_input": 0.2,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.4,
             "input": 4.0,
             "output": 15.0
            },
            "output": 10.0
           },
           "flex": {
            "cache_write": 1.25,
            "cached_input": 0.1,
            "input": 1.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.2,
             "input": 2.0,
             "output": 7.5
            },
            "output": 5.0
           },
           "priority": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           }
          },
          "gpt-6.1-sol": {
           "default": {
            "cache_write": 2.5,
            "cached_input": 0.1,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.2,
             "input": 4.0,
             "output": 15.0
            },
            "output": 10.0
           },
           "flex": {
            "cache_write": 1.25,
            "cached_input": 0.05,
            "input": 1.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.1,
             "input": 2.0,
             "output": 7.5
            },
            "output": 5.0
           },
           "priority": {
            "cache_write": 5.0,
            "cached_input": 0.2,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.4,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           }
          },
          "gpt-6.1-terra": {
           "default": {
            "cache_write": 1.25,
            "cached_input": 0.05,
            "input": 1.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.1,
             "input": 2.0,
             "output": 7.5
            },
            "output": 5.0
           },
           "flex": {
            "cache_write": 0.625,
            "cached_input": 0.025,
            "input": 0.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.05,
             "input": 1.0,
             "output": 3.75
            },
            "output": 2.5
           },
           "priority": {
            "cache_write": 2.5,
            "cached_input": 0.1,
            "input": 2.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.2,
             "input": 4.0,
             "output": 15.0
            },
            "output": 10.0
           }
          },
          "gpt-audio": {
           "default": {
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-audio-1.5": {
           "default": {
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-audio-2025-08-28": {
           "default": {
            "input": 2.5,
            "output": 10.0
           }
          },
          "gpt-audio-mini": {
           "default": {
            "input": 0.6,
            "output": 2.4
           }
          },
          "gpt-audio-mini-2025-10-06": {
           "default": {
            "input": 0.6,
            "output": 2.4
           }
          },
          "gpt-audio-mini-2025-12-15": {
           "default": {
            "input": 0.6,
            "output": 2.4
           }
          },
          "gpt-daybreak-blue-latest": {
           "default": {
            "cache_write": 5.0,
            "cached_input": 0.4,
            "input": 4.0,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 0.8,
             "input": 8.0,
             "output": 30.0
            },
            "output": 20.0
           }
          },
          "gpt-daybreak-red-latest": {
           "default": {
            "cache_write": 15.625,
            "cached_input": 1.25,
            "input": 12.5,
            "long_context": {
             "above_input_tokens": 272000,
             "cached_input": 2.5,
             "input": 25.0,
             "output": 112.5
            },
            "output": 75.0
           }
          },
          "gpt-rosalind-discovery": {
           "default": {
            "cached_input": 0.5,
            "input": 5.0,
            "output": 25.0
           }
          },
          "gpt-rosalind-research": {
           "default": {
            "cached_input": 0.5,
            "input": 5.0,
            "output": 25.0
           }
          },
          "o1": {
           "default": {
            "cached_input": 7.5,
            "input": 15.0,
            "output": 60.0
           }
          },
          "o1-2024-12-17": {
           "default": {
            "cached_input": 7.5,
            "input": 15.0,
            "output": 60.0
           }
          },
          "o1-pro": {
           "default": {
            "input": 150.0,
            "output": 600.0
           }
          },
          "o1-pro-2025-03-19": {
           "default": {
            "input": 150.0,
            "output": 600.0
           }
          },
          "o3": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           },
           "flex": {
            "cached_input": 0.25,
            "input": 1.0,
            "output": 4.0
           },
           "priority": {
            "cached_input": 0.875,
            "input": 3.5,
            "output": 14.0
           }
          },
          "o3-2025-04-16": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           },
           "flex": {
            "cached_input": 0.25,
            "input": 1.0,
            "output": 4.0
           },
           "priority": {
            "cached_input": 0.875,
            "input": 3.5,
            "output": 14.0
           }
          },
          "o3-deep-research": {
           "default": {
            "cached_input": 2.5,
            "input": 10.0,
            "output": 40.0
           }
          },
          "o3-deep-research-2025-06-26": {
           "default": {
            "cached_input": 2.5,
            "input": 10.0,
            "output": 40.0
           }
          },
          "o3-mini": {
           "default": {
            "cached_input": 0.55,
            "input": 1.1,
            "output": 4.4
           }
          },
          "o3-mini-2025-01-31": {
           "default": {
            "cached_input": 0.55,
            "input": 1.1,
            "output": 4.4
           }
          },
          "o3-pro": {
           "default": {
            "input": 20.0,
            "output": 80.0
           }
          },
          "o3-pro-2025-06-10": {
           "default": {
            "input": 20.0,
            "output": 80.0
           }
          },
          "o4-mini": {
           "default": {
            "cached_input": 0.275,
            "input": 1.1,
            "output": 4.4
           },
           "flex": {
            "cached_input": 0.138,
            "input": 0.55,
            "output": 2.2
           },
           "priority": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           }
          },
          "o4-mini-2025-04-16": {
           "default": {
            "cached_input": 0.275,
            "input": 1.1,
            "output": 4.4
           },
           "flex": {
            "cached_input": 0.138,
            "input": 0.55,
            "output": 2.2
           },
           "priority": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           }
          },
          "o4-mini-deep-research": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           }
          },
          "o4-mini-deep-research-2025-06-26": {
           "default": {
            "cached_input": 0.5,
            "input": 2.0,
            "output": 8.0
           }
          }
         },
         "unit": "usd_per_1m_tokens"
        }
        """#

    private static let familiesText = #"""
        {
         "_about": "Facts extracted from sing-box OCM usage accounting. USD per 1,000,000 tokens. Same table in 1.13.0-1.13.3 (main, stable, testing, unstable, ccm-ocm-improvements, March 2026) and in forks that track 1.14.x (mid/late 2026). Within a tier the FIRST matching pattern wins (order matters). Patterns are RE2, case-sensitive, matched against the response model string exactly as received.",
         "unit": "usd_per_1m_tokens",
         "context_windows": {
          "standard": 272000,
          "premium": 1050000,
          "premium_threshold_input_tokens_exclusive": 272000
         },
         "fallback_when_no_family_matches": {
          "name": "gpt-4o",
          "price": {
           "input": 2.5,
           "cached_input": 1.25,
           "output": 10.0
          }
         },
         "tier_normalisation": {
          "trim_and_lowercase": true,
          "map": {
           "": "default",
           "auto": "default",
           "default": "default",
           "flex": "flex",
           "priority": "priority",
           "scale": "default"
          },
          "anything_else": "default"
         },
         "lookup_order": [
          "tier table, model as given",
          "tier table, normalised model (only if different)",
          "if tier != default: default table, model as given",
          "if tier != default: default table, normalised model (only if different)",
          "fallback gpt-4o standard price"
         ],
         "model_normalisation": {
          "applies_only_if_prefix": "gpt-5.",
          "rules_first_match_on_substring": [
           [
            "-codex-mini",
            "gpt-5.1-codex-mini"
           ],
           [
            "-codex-max",
            "gpt-5.1-codex-max"
           ],
           [
            "-codex",
            "gpt-5.3-codex"
           ],
           [
            "-chat-latest",
            "gpt-5.2-chat-latest"
           ],
           [
            "-pro",
            "gpt-5.4-pro"
           ],
           [
            "-mini",
            "gpt-5-mini"
           ],
           [
            "-nano",
            "gpt-5-nano"
           ]
          ],
          "otherwise": "gpt-5.4"
         },
         "cost_formula": "round_half_away_from_zero(((max(input-cached,0))*P.input + output*P.output + cached*P.cached_input)/1e6, 2 decimals)",
         "tiers": {
          "default": [
           {
            "pattern": "^gpt-5\\.4-pro(?:$|-)",
            "price": {
             "input": 30.0,
             "cached_input": 30.0,
             "output": 180.0
            },
            "premium_price": {
             "input": 60.0,
             "cached_input": 60.0,
             "output": 270.0
            }
           },
           {
            "pattern": "^gpt-5\\.4(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 15.0
            },
            "premium_price": {
             "input": 5.0,
             "cached_input": 0.5,
             "output": 22.5
            }
           },
           {
            "pattern": "^gpt-5\\.3-codex(?:$|-)",
            "price": {
             "input": 1.75,
             "cached_input": 0.175,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-5\\.2-codex(?:$|-)",
            "price": {
             "input": 1.75,
             "cached_input": 0.175,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-codex-max(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-codex-mini(?:$|-)",
            "price": {
             "input": 0.25,
             "cached_input": 0.025,
             "output": 2.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-codex(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5-codex-mini(?:$|-)",
            "price": {
             "input": 0.25,
             "cached_input": 0.025,
             "output": 2.0
            }
           },
           {
            "pattern": "^gpt-5-codex(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5\\.2-chat-latest$",
            "price": {
             "input": 1.75,
             "cached_input": 0.175,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-chat-latest$",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5-chat-latest$",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5\\.2-pro(?:$|-)",
            "price": {
             "input": 21.0,
             "cached_input": 21.0,
             "output": 168.0
            }
           },
           {
            "pattern": "^gpt-5-pro(?:$|-)",
            "price": {
             "input": 15.0,
             "cached_input": 15.0,
             "output": 120.0
            }
           },
           {
            "pattern": "^gpt-5-mini(?:$|-)",
            "price": {
             "input": 0.25,
             "cached_input": 0.025,
             "output": 2.0
            }
           },
           {
            "pattern": "^gpt-5-nano(?:$|-)",
            "price": {
             "input": 0.05,
             "cached_input": 0.005,
             "output": 0.4
            }
           },
           {
            "pattern": "^gpt-5\\.2(?:$|-)",
            "price": {
             "input": 1.75,
             "cached_input": 0.175,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-5\\.1(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-5(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 10.0
            }
           },
           {
            "pattern": "^o4-mini-deep-research(?:$|-)",
            "price": {
             "input": 2.0,
             "cached_input": 0.5,
             "output": 8.0
            }
           },
           {
            "pattern": "^o4-mini(?:$|-)",
            "price": {
             "input": 1.1,
             "cached_input": 0.275,
             "output": 4.4
            }
           },
           {
            "pattern": "^o3-pro(?:$|-)",
            "price": {
             "input": 20.0,
             "cached_input": 20.0,
             "output": 80.0
            }
           },
           {
            "pattern": "^o3-deep-research(?:$|-)",
            "price": {
             "input": 10.0,
             "cached_input": 2.5,
             "output": 40.0
            }
           },
           {
            "pattern": "^o3-mini(?:$|-)",
            "price": {
             "input": 1.1,
             "cached_input": 0.55,
             "output": 4.4
            }
           },
           {
            "pattern": "^o3(?:$|-)",
            "price": {
             "input": 2.0,
             "cached_input": 0.5,
             "output": 8.0
            }
           },
           {
            "pattern": "^o1-pro(?:$|-)",
            "price": {
             "input": 150.0,
             "cached_input": 150.0,
             "output": 600.0
            }
           },
           {
            "pattern": "^o1-mini(?:$|-)",
            "price": {
             "input": 1.1,
             "cached_input": 0.55,
             "output": 4.4
            }
           },
           {
            "pattern": "^o1(?:$|-)",
            "price": {
             "input": 15.0,
             "cached_input": 7.5,
             "output": 60.0
            }
           },
           {
            "pattern": "^gpt-4o-mini-audio(?:$|-)",
            "price": {
             "input": 0.15,
             "cached_input": 0.15,
             "output": 0.6
            }
           },
           {
            "pattern": "^gpt-audio-mini(?:$|-)",
            "price": {
             "input": 0.6,
             "cached_input": 0.6,
             "output": 2.4
            }
           },
           {
            "pattern": "^(?:gpt-4o-audio|gpt-audio)(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 2.5,
             "output": 10.0
            }
           },
           {
            "pattern": "^gpt-4\\.1-nano(?:$|-)",
            "price": {
             "input": 0.1,
             "cached_input": 0.025,
             "output": 0.4
            }
           },
           {
            "pattern": "^gpt-4\\.1-mini(?:$|-)",
            "price": {
             "input": 0.4,
             "cached_input": 0.1,
             "output": 1.6
            }
           },
           {
            "pattern": "^gpt-4\\.1(?:$|-)",
            "price": {
             "input": 2.0,
             "cached_input": 0.5,
             "output": 8.0
            }
           },
           {
            "pattern": "^gpt-4o-mini(?:$|-)",
            "price": {
             "input": 0.15,
             "cached_input": 0.075,
             "output": 0.6
            }
           },
           {
            "pattern": "^gpt-4o(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 1.25,
             "output": 10.0
            }
           },
           {
            "pattern": "^chatgpt-4o(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 1.25,
             "output": 10.0
            }
           }
          ],
          "flex": [
           {
            "pattern": "^gpt-5\\.4-pro(?:$|-)",
            "price": {
             "input": 15.0,
             "cached_input": 15.0,
             "output": 90.0
            },
            "premium_price": {
             "input": 30.0,
             "cached_input": 30.0,
             "output": 135.0
            }
           },
           {
            "pattern": "^gpt-5\\.4(?:$|-)",
            "price": {
             "input": 1.25,
             "cached_input": 0.125,
             "output": 7.5
            },
            "premium_price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 11.25
            }
           },
           {
            "pattern": "^gpt-5-mini(?:$|-)",
            "price": {
             "input": 0.125,
             "cached_input": 0.0125,
             "output": 1.0
            }
           },
           {
            "pattern": "^gpt-5-nano(?:$|-)",
            "price": {
             "input": 0.025,
             "cached_input": 0.0025,
             "output": 0.2
            }
           },
           {
            "pattern": "^gpt-5\\.2(?:$|-)",
            "price": {
             "input": 0.875,
             "cached_input": 0.0875,
             "output": 7.0
            }
           },
           {
            "pattern": "^gpt-5\\.1(?:$|-)",
            "price": {
             "input": 0.625,
             "cached_input": 0.0625,
             "output": 5.0
            }
           },
           {
            "pattern": "^gpt-5(?:$|-)",
            "price": {
             "input": 0.625,
             "cached_input": 0.0625,
             "output": 5.0
            }
           },
           {
            "pattern": "^o4-mini(?:$|-)",
            "price": {
             "input": 0.55,
             "cached_input": 0.138,
             "output": 2.2
            }
           },
           {
            "pattern": "^o3(?:$|-)",
            "price": {
             "input": 1.0,
             "cached_input": 0.25,
             "output": 4.0
            }
           }
          ],
          "priority": [
           {
            "pattern": "^gpt-5\\.4(?:$|-)",
            "price": {
             "input": 5.0,
             "cached_input": 0.5,
             "output": 30.0
            },
            "premium_price": {
             "input": 10.0,
             "cached_input": 1.0,
             "output": 45.0
            }
           },
           {
            "pattern": "^gpt-5\\.3-codex(?:$|-)",
            "price": {
             "input": 3.5,
             "cached_input": 0.35,
             "output": 28.0
            }
           },
           {
            "pattern": "^gpt-5\\.2-codex(?:$|-)",
            "price": {
             "input": 3.5,
             "cached_input": 0.35,
             "output": 28.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-codex-max(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 20.0
            }
           },
           {
            "pattern": "^gpt-5\\.1-codex(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 20.0
            }
           },
           {
            "pattern": "^gpt-5-codex-mini(?:$|-)",
            "price": {
             "input": 0.45,
             "cached_input": 0.045,
             "output": 3.6
            }
           },
           {
            "pattern": "^gpt-5-codex(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 20.0
            }
           },
           {
            "pattern": "^gpt-5-mini(?:$|-)",
            "price": {
             "input": 0.45,
             "cached_input": 0.045,
             "output": 3.6
            }
           },
           {
            "pattern": "^gpt-5\\.2(?:$|-)",
            "price": {
             "input": 3.5,
             "cached_input": 0.35,
             "output": 28.0
            }
           },
           {
            "pattern": "^gpt-5\\.1(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 20.0
            }
           },
           {
            "pattern": "^gpt-5(?:$|-)",
            "price": {
             "input": 2.5,
             "cached_input": 0.25,
             "output": 20.0
            }
           },
           {
            "pattern": "^o4-mini(?:$|-)",
            "price": {
             "input": 2.0,
             "cached_input": 0.5,
             "output": 8.0
            }
           },
           {
            "pattern": "^o3(?:$|-)",
            "price": {
             "input": 3.5,
             "cached_input": 0.875,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-4\\.1-nano(?:$|-)",
            "price": {
             "input": 0.2,
             "cached_input": 0.05,
             "output": 0.8
            }
           },
           {
            "pattern": "^gpt-4\\.1-mini(?:$|-)",
            "price": {
             "input": 0.7,
             "cached_input": 0.175,
             "output": 2.8
            }
           },
           {
            "pattern": "^gpt-4\\.1(?:$|-)",
            "price": {
             "input": 3.5,
             "cached_input": 0.875,
             "output": 14.0
            }
           },
           {
            "pattern": "^gpt-4o-mini(?:$|-)",
            "price": {
             "input": 0.25,
             "cached_input": 0.125,
             "output": 1.0
            }
           },
           {
            "pattern": "^gpt-4o(?:$|-)",
            "price": {
             "input": 4.25,
             "cached_input": 2.125,
             "output": 17.0
            }
           }
          ]
         }
        }
        """#
}
